from uuid import UUID

from internal.domain.session import Session
from internal.infrastructure.grpc.generated.account.v1 import session_pb2
from internal.infrastructure.grpc.timestamps import timestamp


def session_message(session: Session, *, current_id: UUID | None) -> session_pb2.Session:
    return session_pb2.Session(
        id=str(session.id),
        current=session.id == current_id,
        created_at=timestamp(session.created_at),
        last_used_at=timestamp(session.last_used_at),
        expires_at=timestamp(session.expires_at),
        address=session.address or "",
        user_agent=session.user_agent or "",
    )
