"""The peer's API, as the documentation of its libraries teaches it."""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.fastapi_peer import security
from benchmarks.fastapi_peer.models import SecurityEvent, User, UserSession
from benchmarks.fastapi_peer.schemas import AdminUserOut, Envelope, LogIn, Meta, SignUp, Tokens, UserOut
from benchmarks.fastapi_peer.tasks import send_welcome_email

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=int(os.environ["DATABASE_POOL_SIZE"]),
    max_overflow=0,
)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
IDLE_FOR, LASTS_FOR = timedelta(days=7), timedelta(days=30)


async def provide_session() -> AsyncIterator[AsyncSession]:
    async with new_session() as session:
        yield session


Database = Annotated[AsyncSession, Depends(provide_session)]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def provide_user(database: Database, bearer: Bearer) -> User:
    try:
        session_id = security.session_of(bearer.credentials)
    except (jwt.InvalidTokenError, ValueError):
        raise HTTPException(401) from None
    user = await database.scalar(
        select(User)
        .join(UserSession)
        .where(
            UserSession.id == session_id,
            UserSession.expires_at > func.now(),
            UserSession.last_used_at > func.now() - IDLE_FOR,
        )
    )
    if user is None or user.disabled_at is not None:
        raise HTTPException(401)
    return user


CurrentUser = Annotated[User, Depends(provide_user)]


async def provide_admin(user: CurrentUser) -> User:
    if user.role != "admin":
        raise HTTPException(403)
    return user


@app.get("/api/v1/users/me")
async def me(user: CurrentUser) -> Envelope[UserOut]:
    return Envelope(message="User retrieved successfully", data=UserOut.model_validate(user))


@app.get("/api/v1/admin/users", dependencies=[Depends(provide_admin)])
async def list_users(
    database: Database, limit: Annotated[int, Query(ge=1, le=100)] = 10, page: Annotated[int, Query(ge=1)] = 1
) -> Envelope[Sequence[AdminUserOut]]:
    newest = select(User).order_by(User.created_at.desc(), User.id.desc())
    users = await database.scalars(newest.offset((page - 1) * limit).limit(limit))
    total = await database.scalar(select(func.count()).select_from(User))
    return Envelope(
        message="Users retrieved successfully",
        data=[AdminUserOut.model_validate(user) for user in users],
        meta=Meta(total=total),
    )


@app.post("/api/v1/auth/login")
async def log_in(database: Database, given: LogIn, request: Request) -> Envelope[Tokens]:
    user = await database.scalar(select(User).where(User.email == given.email.lower()))
    await database.commit()  # return the connection during the hash
    if user is None or not await run_in_threadpool(
        security.passwords.verify, given.password, user.password_hash
    ):
        raise HTTPException(401)
    if user.disabled_at is not None:
        raise HTTPException(403)
    tokens = _open_session(database, user, request, event="auth.logged_in")
    await database.commit()
    return Envelope(message="Login successful", data=tokens)


@app.post("/api/v1/auth/register", status_code=201)
async def sign_up(database: Database, given: SignUp, request: Request) -> Envelope[Tokens]:
    try:
        password_hash = await run_in_threadpool(security.hash_new, given.password, given.email, given.name)
    except security.WeakPassword:
        raise HTTPException(422, "The password is too easy to guess") from None
    now = datetime.now(UTC)
    user = User(
        id=uuid4(),
        email=given.email.lower(),
        name=given.name,
        password_hash=password_hash,
        created_at=now,
        updated_at=now,
    )
    database.add(user)
    try:
        await database.flush()
        tokens = _open_session(database, user, request, event="auth.registered")
        await database.commit()
    except IntegrityError:
        raise HTTPException(409) from None
    # A crash right here loses the mail.
    send_welcome_email.send(str(user.id), user.email, user.name, tokens.token)
    return Envelope(message="User registered successfully", data=tokens)


def _open_session(database: AsyncSession, user: User, request: Request, *, event: str) -> Tokens:
    now, session_id = datetime.now(UTC), uuid4()
    refresh_token, digest = security.refresh_token()
    where = {
        "address": request.client.host if request.client else None,
        "user_agent": request.headers.get("user-agent"),
    }
    session = UserSession(
        id=session_id,
        user_id=user.id,
        created_at=now,
        last_used_at=now,
        expires_at=now + LASTS_FOR,
        token_digest=digest,
        **where,
    )
    database.add_all([session, SecurityEvent(name=event, actor_id=user.id, subject_id=user.id, **where)])
    return Tokens(
        token=security.access_token(user.id, session_id),
        refresh_token=refresh_token,
        expires_in=int(security.TOKEN_LASTS.total_seconds()),
        user=UserOut.model_validate(user),
    )
