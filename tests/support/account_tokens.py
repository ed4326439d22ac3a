"""Tokens as mails carry them, stored for tests."""

from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

from internal.domain.account_token import AccountToken, TokenPurpose, digest_of
from internal.domain.user import User


def token_for(
    user: User, purpose: TokenPurpose, *, email: str | None = None, valid_until: datetime | None = None
) -> tuple[str, AccountToken]:
    """The text of a new token, and what is stored of it."""
    text = token_urlsafe()
    token = AccountToken(
        digest=digest_of(text),
        purpose=purpose,
        user_id=user.id,
        email=email or user.email.value,
        expires_at=valid_until or datetime.now(UTC) + timedelta(hours=1),
    )
    return text, token
