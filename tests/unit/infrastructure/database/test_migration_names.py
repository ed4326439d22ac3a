import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from alembic.script import ScriptDirectory

from internal.infrastructure.database.schema import alembic_config, migration_scripts

_TIMED = re.compile(r"\d{8}_\d{6}_")


def test_a_new_migration_is_named_by_the_time_in_utc(tmp_path: Path) -> None:
    config = alembic_config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(tmp_path))
    before = datetime.now(UTC).replace(microsecond=0)

    written = ScriptDirectory.from_config(config).generate_revision("0123456789ab", "Add users.last_login_at")

    assert written is not None
    day, time, slug = Path(written.path).name.split("_", 2)
    named = datetime.strptime(day + time, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert before <= named <= datetime.now(UTC)
    assert slug == "add_users_last_login_at.py"


def test_new_migrations_sort_in_the_order_in_which_they_run() -> None:
    newest_first = [Path(script.path).name for script in migration_scripts().walk_revisions()]
    # Older names have no time of day.
    timed = [name for name in newest_first if _TIMED.match(name)]

    assert newest_first[: len(timed)] == timed
    assert all(newer > older for newer, older in pairwise(timed))
