"""lists of actions on tasks."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "4f90c6a2d81e"
down_revision = "d5b18e37c04f"
branch_labels = None
depends_on = None

_TABLE = "security_events"
_PLACE = ["occurred_at", "id"]


def upgrade() -> None:
    concurrently.create_index(
        "ix_security_events_on_tasks", _TABLE, _PLACE, postgresql_where=sa.text("name LIKE 'tasks.%'")
    )
    concurrently.create_index(
        "ix_security_events_operator_occurred_at_id",
        _TABLE,
        ["operator", *_PLACE],
        postgresql_where=sa.text("operator IS NOT NULL"),
    )


def downgrade() -> None:
    concurrently.drop_index("ix_security_events_operator_occurred_at_id", table_name=_TABLE)
    concurrently.drop_index("ix_security_events_on_tasks", table_name=_TABLE)
