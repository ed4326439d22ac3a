"""index of password costs."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "a3c81f6d2b90"
down_revision = "c95e2b7f1a64"
branch_labels = None
depends_on = None


def upgrade() -> None:
    concurrently.create_index(
        "ix_users_password_cost",
        "users",
        [sa.text(r"substring(password_hash, '^(.*)\$[^$]*\$[^$]*$')")],
    )


def downgrade() -> None:
    concurrently.drop_index("ix_users_password_cost", table_name="users")
