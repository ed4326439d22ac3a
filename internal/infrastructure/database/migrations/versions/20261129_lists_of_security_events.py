"""lists of security events."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "f07a6c2e91d5"
down_revision = "c58e1f7a0b34"
branch_labels = None
depends_on = None

_TABLE = "security_events"
_PLACE = ["occurred_at", "id"]
_BEFORE = {
    "ix_security_events_subject_id_id": ["subject_id", "id"],
    "ix_security_events_actor_id_id": ["actor_id", "id"],
    "ix_security_events_occurred_at": ["occurred_at"],
}


def upgrade() -> None:
    concurrently.create_index("ix_security_events_occurred_at_id", _TABLE, _PLACE)
    for column in ("subject_id", "actor_id", "name"):
        concurrently.create_index(f"ix_security_events_{column}_occurred_at_id", _TABLE, [column, *_PLACE])
    concurrently.create_index(
        "ix_security_events_failures", _TABLE, _PLACE, postgresql_where=sa.text("result = 'failure'")
    )
    for name in _BEFORE:
        concurrently.drop_index(name, table_name=_TABLE)


def downgrade() -> None:
    for name, columns in _BEFORE.items():
        concurrently.create_index(name, _TABLE, columns)
    concurrently.drop_index("ix_security_events_failures", table_name=_TABLE)
    for column in ("subject_id_", "actor_id_", "name_", ""):
        concurrently.drop_index(f"ix_security_events_{column}occurred_at_id", table_name=_TABLE)
