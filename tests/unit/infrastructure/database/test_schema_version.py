from internal.infrastructure.database.schema import migration_scripts
from internal.infrastructure.database.schema_version import outdated_revisions


def test_reads_the_same_revisions_as_alembic() -> None:
    scripts = migration_scripts()
    all_revisions = {script.revision for script in scripts.walk_revisions()}

    assert outdated_revisions() == all_revisions - {scripts.get_current_head()}
