"""The export of an account. It has no secrets: neither the password's hash nor digests of tokens."""

from uuid import UUID

from internal.application.users.export_account import AccountExport
from internal.infrastructure.grpc.event_messages import event_message
from internal.infrastructure.grpc.generated.account.v1 import account_pb2
from internal.infrastructure.grpc.session_messages import session_message
from internal.infrastructure.grpc.timestamps import optional_timestamp, timestamp
from internal.infrastructure.grpc.user_messages import user_message


def export_message(exported: AccountExport, *, current_id: UUID | None) -> account_pb2.ExportAccountResponse:
    user = exported.user
    return account_pb2.ExportAccountResponse(
        user=user_message(user),
        verified_at=optional_timestamp(user.verified_at),
        sessions_valid_from=optional_timestamp(user.sessions_valid_from),
        sessions=[session_message(each, current_id=current_id) for each in exported.sessions],
        links=[
            account_pb2.EmailLink(
                purpose=token.purpose, email=token.email, expires_at=timestamp(token.expires_at)
            )
            for token in exported.account_tokens
        ],
        tasks=[
            account_pb2.StoredTask(
                name=task.name,
                stored_at=timestamp(task.stored_at),
                ended_at=optional_timestamp(task.ended_at),
            )
            for task in exported.tasks
        ],
        security_events=map(event_message, exported.events),
        has_older_security_events=exported.has_older_events,
    )
