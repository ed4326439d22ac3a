"""operators of security events."""

import sqlalchemy as sa
from alembic import op

revision = "d5b18e37c04f"
down_revision = "7ac3f81b05e9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("security_events", sa.Column("operator", sa.Text()))


def downgrade() -> None:
    op.drop_column("security_events", "operator")
