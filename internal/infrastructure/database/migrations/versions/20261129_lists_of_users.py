"""lists of users."""

import sqlalchemy as sa

from internal.infrastructure.database.migrations import concurrently

revision = "c58e1f7a0b34"
down_revision = "d41c7b9e5f08"
branch_labels = None
depends_on = None

_WORDS = (
    r"array_to_tsvector(array_remove(regexp_split_to_array(lower((name || ' ') || email),"
    r" '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+'), ''))"
)


def upgrade() -> None:
    concurrently.create_index("ix_users_created_at_id", "users", ["created_at", "id"])
    concurrently.create_index("ix_users_lower_name_id", "users", [sa.text("lower(name)"), "id"])
    concurrently.create_index("ix_users_words", "users", [sa.text(_WORDS)], postgresql_using="gin")
    concurrently.create_index(
        "ix_users_role", "users", ["role", "created_at", "id"], postgresql_where=sa.text("role <> 'user'")
    )
    concurrently.create_index(
        "ix_users_disabled",
        "users",
        ["created_at", "id"],
        postgresql_where=sa.text("disabled_at IS NOT NULL"),
    )
    concurrently.create_index(
        "ix_users_unverified", "users", ["created_at", "id"], postgresql_where=sa.text("verified_at IS NULL")
    )


def downgrade() -> None:
    for name in ("unverified", "disabled", "role", "words", "lower_name_id", "created_at_id"):
        concurrently.drop_index(f"ix_users_{name}", table_name="users")
