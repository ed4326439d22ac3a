"""longer names."""

import sqlalchemy as sa
from alembic import op

revision = "e7d40b5c9a12"
down_revision = "a3c81f6d2b90"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A longer limit rewrites nothing, and older versions of the program store shorter names.
    op.execute("-- squawk-ignore changing-column-type\nALTER TABLE users ALTER COLUMN name TYPE varchar(400)")


def downgrade() -> None:
    op.alter_column("users", "name", type_=sa.String(100), existing_type=sa.String(400))
