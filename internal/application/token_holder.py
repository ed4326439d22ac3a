from internal.domain.account_token import AccountToken, InvalidAccountToken, TokenPurpose, digest_of
from internal.domain.user import User
from internal.ports.unit_of_work import UnitOfWork


async def token_holder(uow: UnitOfWork, text: str, purpose: TokenPurpose) -> tuple[User, AccountToken]:
    """Use up the token of a mail, and return it with its user. Without a commit the token stays valid.

    Raises:
        InvalidAccountToken: unknown, used, expired or of another purpose. Or its account is disabled, or has
            another address than the one that the mail went to.
    """
    token = await uow.account_tokens.use(digest_of(text), purpose)
    user = await uow.users.get(token.user_id) if token else None
    if token is None or user is None or user.disabled_at is not None:
        raise InvalidAccountToken
    if purpose is not TokenPurpose.CONFIRM_EMAIL and token.email != user.email.value:
        raise InvalidAccountToken
    return user, token
