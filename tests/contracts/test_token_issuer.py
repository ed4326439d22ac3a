from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer
from internal.ports.token_issuer import AccessToken, InvalidToken, TokenIssuer
from tests.fakes.clock import FakeClock
from tests.fakes.token_issuer import FakeTokenIssuer
from tests.support.access_tokens import KEYS

TTL = timedelta(minutes=15)
ISSUER = "https://users.example"
USER_ID = UUID("0190c5a0-0000-7000-8000-000000000001")
SESSION_ID = UUID("0190c5a0-0000-7000-8000-000000000002")


@dataclass(frozen=True)
class Issuing:
    clock: FakeClock
    tokens: TokenIssuer


@pytest.fixture(params=["fake", "HS256", "EdDSA"])
def issuing(request: pytest.FixtureRequest) -> Issuing:
    clock = FakeClock(datetime.now(UTC))  # PyJWT checks the expiry against the machine's clock
    if request.param == "fake":
        return Issuing(clock, FakeTokenIssuer(clock=clock, ttl=TTL))
    keys = [KEYS[request.param]]
    return Issuing(clock, JwtTokenIssuer(keys=keys, issuer=ISSUER, ttl=TTL, clock=clock))


def test_a_token_names_its_user_and_session(issuing: Issuing) -> None:
    user_id, session_id = uuid4(), uuid4()

    token = issuing.tokens.issue(user_id, session_id=session_id)

    issued_at = issuing.clock.now().replace(microsecond=0)
    assert issuing.tokens.verify(token) == AccessToken(
        user_id=user_id, session_id=session_id, issued_at=issued_at
    )


def test_tells_how_long_a_token_is_valid(issuing: Issuing) -> None:
    assert issuing.tokens.ttl == TTL


def test_no_two_tokens_are_alike(issuing: Issuing) -> None:
    tokens = {issuing.tokens.issue(USER_ID, session_id=SESSION_ID) for _ in range(5)}

    assert len(tokens) == 5


def test_a_token_expires(issuing: Issuing) -> None:
    age = TTL + timedelta(minutes=1)
    issuing.clock.advance(-age)
    token = issuing.tokens.issue(USER_ID, session_id=SESSION_ID)
    issuing.clock.advance(age)

    with pytest.raises(InvalidToken):
        issuing.tokens.verify(token)


@pytest.mark.parametrize("token", ["", " ", "token", "a.b.c", "..", "\x00", "ü.ü.ü", "\ud800"])
def test_refuses_a_text_that_is_not_a_token(issuing: Issuing, token: str) -> None:
    with pytest.raises(InvalidToken):
        issuing.tokens.verify(token)
