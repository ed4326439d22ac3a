"""Accounts, and the tokens that mails to them would carry, in the real database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import httpx

from internal.domain.account_token import TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from tests.support.account_tokens import token_for

PASSWORD = "correct horse"


@dataclass(frozen=True)
class MailedTokens:
    """The accounts of one site."""

    client: httpx.AsyncClient
    container: Container

    async def sign_up(self, email: str = "ada@example.com") -> tuple[User, dict[str, str]]:
        """A new account, and the headers of its requests."""
        body = {"email": email, "name": "Ada Lovelace", "password": PASSWORD}
        data = (await self.client.post("/api/v1/auth/register", json=body)).json()["data"]
        return await self.read(UUID(data["user"]["id"])), {"Authorization": f"Bearer {data['token']}"}

    async def log_in(self, email: str, password: str) -> httpx.Response:
        return await self.client.post("/api/v1/auth/login", json={"email": email, "password": password})

    async def read(self, user_id: UUID) -> User:
        async with self.container.database.unit_of_work() as uow:
            user: User | None = await uow.users.get(user_id)
        assert user
        return user

    async def save(self, user: User) -> None:
        async with self.container.database.unit_of_work() as uow:
            await uow.users.save(user)
            await uow.commit()

    async def mailed(
        self,
        user: User,
        purpose: TokenPurpose,
        *,
        email: str | None = None,
        valid_until: datetime | None = None,
    ) -> str:
        text, token = token_for(user, purpose, email=email, valid_until=valid_until)
        async with self.container.database.unit_of_work() as uow:
            await uow.account_tokens.add(token)
            await uow.commit()
        return text
