from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from internal.domain.search_words import SEPARATORS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    }
)

# The part of a PHC string, $name$parameters$salt$digest, before the salt.
COST_OF_HASH = r"substring(password_hash, '^(.*)\$[^$]*\$[^$]*$')"

# What a search for users finds, as words: those of the name and of the address. The parentheses are those of
# Postgres, because migrations are compared with what it has.
WORDS_OF_USER = (
    "array_to_tsvector(array_remove("
    f"regexp_split_to_array(lower((name || ' ') || email), '{SEPARATORS}'), ''))"
)

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("name", String(400), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    # The defaults serve older versions of the program, which run beside this one during a release.
    Column("role", Text, nullable=False, server_default=text("'user'")),
    Column("verified_at", DateTime(timezone=True)),
    Column("disabled_at", DateTime(timezone=True)),
    Column("sessions_valid_from", DateTime(timezone=True)),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    # Addresses are stored in their normalised spelling, so a unique address means a unique account.
    Index("uq_users_email", "email", unique=True),
    # Every log-in reads the costs that are stored.
    Index("ix_users_password_cost", text(COST_OF_HASH)),
    # Lists of users, each with the id for users that are equal otherwise; and the few that are looked for.
    Index("ix_users_created_at_id", "created_at", "id"),
    Index("ix_users_lower_name_id", text("lower(name)"), "id"),
    Index("ix_users_words", text(WORDS_OF_USER), postgresql_using="gin"),
    Index("ix_users_role", "role", "created_at", "id", postgresql_where=text("role <> 'user'")),
    Index("ix_users_disabled", "created_at", "id", postgresql_where=text("disabled_at IS NOT NULL")),
    Index("ix_users_unverified", "created_at", "id", postgresql_where=text("verified_at IS NULL")),
)

# The user that the request with this key created. The key is claimed before the user is stored, so the
# reference is checked at the commit.
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column(
        "user_id",
        ForeignKey("users.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_idempotent_requests_created_at", "created_at"),
    Index("ix_idempotent_requests_user_id", "user_id"),
)

# One row per log-in on a device. An ended session has no row.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("address", Text),
    Column("user_agent", Text),
    # The SHA-256 of the current refresh token, and of the one before.
    Column("token_digest", LargeBinary, nullable=False),
    Column("previous_digest", LargeBinary),
    Column("rotated_at", DateTime(timezone=True)),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_last_used_at", "last_used_at"),
)

# The tokens that mails carry. A used token keeps its row, so that a repeated task does not revive it.
account_tokens = Table(
    "account_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("email", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Index("ix_account_tokens_user_id", "user_id"),
    Index("ix_account_tokens_expires_at", "expires_at"),
)

# Append-only. The ids refer to users who may be deleted by now.
security_events = Table(
    "security_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("occurred_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("name", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("subject_id", Uuid),
    Column("address", Text),
    Column("user_agent", Text),
    Column("request_id", Text),
    Column("details", JSONB, nullable=False),
    # Who acted at the command line. Users are in actor_id.
    Column("operator", Text),
    # The lists are ordered by time and id, and one of the columns may be given.
    Index("ix_security_events_occurred_at_id", "occurred_at", "id"),
    Index("ix_security_events_subject_id_occurred_at_id", "subject_id", "occurred_at", "id"),
    Index("ix_security_events_actor_id_occurred_at_id", "actor_id", "occurred_at", "id"),
    Index("ix_security_events_name_occurred_at_id", "name", "occurred_at", "id"),
    Index("ix_security_events_failures", "occurred_at", "id", postgresql_where=text("result = 'failure'")),
    Index("ix_security_events_on_tasks", "occurred_at", "id", postgresql_where=text("name LIKE 'tasks.%'")),
    Index(
        "ix_security_events_operator_occurred_at_id",
        "operator",
        "occurred_at",
        "id",
        postgresql_where=text("operator IS NOT NULL"),
    ),
)

# The log-ins that were counted. Who it was is not known here.
counted_log_ins = Table(
    "counted_log_ins",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Index("ix_counted_log_ins_occurred_at", "occurred_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),  # also the task's id
    Column("task_name", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("followers", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # While the row is open: when the relay enqueues it, or checks that its task still exists.
    Column("next_try_at", DateTime(timezone=True), nullable=False),
    Column("forwarded_at", DateTime(timezone=True)),
    Column("missing_since", DateTime(timezone=True)),
    # The last failure to enqueue the task or to ask Redis for it: the reason and the time.
    Column("last_error", Text),
    Column("last_error_at", DateTime(timezone=True)),
    # The task's single effect: claimed until, and completed at.
    Column("claimed_until", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    # When the task ended, and whether it succeeded.
    Column("closed_at", DateTime(timezone=True)),
    Column("succeeded", Boolean),
    # The user whom the task is about, if there is one.
    Column("subject_id", Uuid),
    # The row of the earlier, ended task with this id. It is kept until Redis has accepted this one.
    Column("replaced", JSONB(none_as_null=True)),
    Index("ix_outbox_next_try_at", "next_try_at", postgresql_where=text("closed_at IS NULL")),
    Index("ix_outbox_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    Index("ix_outbox_subject_id", "subject_id", postgresql_where=text("subject_id IS NOT NULL")),
    # The rows about users that a version without the column stored.
    Index(
        "ix_outbox_user_id",
        text("(payload ->> 'user_id')"),
        postgresql_where=text("subject_id IS NULL AND payload ? 'user_id'"),
    ),
    # Among the ended tasks, the few that operators look for.
    Index("ix_outbox_given_up", "closed_at", postgresql_where=text("succeeded IS FALSE")),
)
