import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer
from internal.ports.token_issuer import AccessToken, InvalidToken, TokenIssuer
from tests.fakes.clock import FakeClock
from tests.fakes.token_issuer import FakeTokenIssuer

TTL = timedelta(minutes=15)
SECRET = "a test's own secret of more than 32 bytes"
ISSUER = "https://users.example"
USER_ID = UUID("0190c5a0-0000-7000-8000-000000000001")


@dataclass(frozen=True)
class Issuing:
    clock: FakeClock
    tokens: TokenIssuer


def jwt_tokens(clock: FakeClock) -> JwtTokenIssuer:
    return JwtTokenIssuer(secret=SECRET, issuer=ISSUER, ttl=TTL, clock=clock)


@pytest.fixture(params=["fake", "jwt"])
def issuing(request: pytest.FixtureRequest) -> Issuing:
    clock = FakeClock(datetime.now(UTC))  # PyJWT checks the expiry against the machine's clock
    if request.param == "fake":
        return Issuing(clock, FakeTokenIssuer(clock=clock, ttl=TTL))
    return Issuing(clock, jwt_tokens(clock))


def test_a_token_names_its_user_and_session(issuing: Issuing) -> None:
    user_id, session_id = uuid4(), uuid4()

    token = issuing.tokens.issue(user_id, session_id=session_id)

    issued_at = issuing.clock.now().replace(microsecond=0)
    assert issuing.tokens.verify(token) == AccessToken(
        user_id=user_id, session_id=session_id, issued_at=issued_at
    )


def test_a_token_may_belong_to_no_session(issuing: Issuing) -> None:
    token = issuing.tokens.issue(USER_ID)

    assert issuing.tokens.verify(token).session_id is None


def test_tells_how_long_a_token_is_valid(issuing: Issuing) -> None:
    assert issuing.tokens.ttl == TTL


def test_no_two_tokens_are_alike(issuing: Issuing) -> None:
    tokens = {issuing.tokens.issue(USER_ID) for _ in range(5)}

    assert len(tokens) == 5


def test_a_token_expires(issuing: Issuing) -> None:
    age = TTL + timedelta(minutes=1)
    issuing.clock.advance(-age)
    token = issuing.tokens.issue(USER_ID)
    issuing.clock.advance(age)

    with pytest.raises(InvalidToken):
        issuing.tokens.verify(token)


@pytest.mark.parametrize("token", ["", " ", "token", "a.b.c", "..", "\x00", "ü.ü.ü", "\ud800"])
def test_refuses_a_text_that_is_not_a_token(issuing: Issuing, token: str) -> None:
    with pytest.raises(InvalidToken):
        issuing.tokens.verify(token)


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token says, with some claims replaced, or left out where they are None."""
    now = datetime.now(UTC)
    good = {
        "sub": str(USER_ID),
        "iat": now,
        "exp": now + TTL,
        "jti": "1",
        "iss": ISSUER,
        "aud": ISSUER,
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(
    payload: dict[str, Any],
    *,
    secret: str = SECRET,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
) -> str:
    return jwt.encode(payload, secret, algorithm=algorithm, headers={"typ": "at+jwt", **(headers or {})})


def refuses(token: str) -> bool:
    try:
        jwt_tokens(FakeClock()).verify(token)
    except InvalidToken:
        return True
    return False


def test_jwt_accepts_what_the_attacks_below_start_from() -> None:
    assert jwt_tokens(FakeClock()).verify(signed(claims())).user_id == USER_ID


@pytest.mark.parametrize("skew", [timedelta(seconds=20), timedelta(seconds=-20)])
def test_jwt_forgives_clocks_that_are_a_little_apart(skew: timedelta) -> None:
    now = datetime.now(UTC)

    token = signed(claims(iat=now + skew, exp=now - abs(skew)))

    assert jwt_tokens(FakeClock()).verify(token).user_id == USER_ID


@pytest.mark.parametrize("claim", ["sub", "iat", "exp", "jti", "iss", "aud"])
def test_jwt_refuses_a_token_without_a_claim(claim: str) -> None:
    assert refuses(signed(claims(**{claim: None})))


@pytest.mark.parametrize(
    ("claim", "away"),
    [("exp", timedelta(minutes=-1)), ("iat", timedelta(minutes=5)), ("nbf", timedelta(minutes=5))],
)
def test_jwt_refuses_a_token_of_another_time(claim: str, away: timedelta) -> None:
    assert refuses(signed(claims(**{claim: datetime.now(UTC) + away})))


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": "not a uuid"},
        {"sub": 7},
        {"sid": "not a uuid"},
        {"sid": 7},
        {"sid": [str(USER_ID)]},
        {"iat": -(10**30)},
        {"exp": "tomorrow"},
        {"iss": "https://evil.example"},
        {"aud": "https://evil.example"},
    ],
)
def test_jwt_refuses_a_token_with_a_wrong_claim(changed: dict[str, Any]) -> None:
    assert refuses(signed(claims(**changed)))


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "rt+jwt"}, {"typ": None}, {"crit": ["exp"]}])
def test_jwt_refuses_a_token_with_a_wrong_header(header: dict[str, Any]) -> None:
    assert refuses(signed(claims(), headers=header))


def test_jwt_refuses_a_token_signed_with_another_key() -> None:
    assert refuses(signed(claims(), secret="somebody else's secret of more than 32 bytes"))


def test_jwt_refuses_another_algorithm() -> None:
    secret = SECRET * 2
    tokens = JwtTokenIssuer(secret=secret, issuer=ISSUER, ttl=TTL, clock=FakeClock())

    with pytest.raises(InvalidToken):
        tokens.verify(signed(claims(), secret=secret, algorithm="HS512"))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_jwt_refuses_an_unsigned_token(algorithm: str) -> None:
    _, payload, _ = signed(claims()).split(".")

    assert refuses(f"{encoded({'alg': algorithm, 'typ': 'at+jwt'})}.{payload}.")


def test_jwt_refuses_a_forged_user() -> None:
    header, _, signature = signed(claims()).split(".")
    _, forged, _ = signed(claims(sub=str(uuid4()))).split(".")

    assert refuses(f"{header}.{forged}.{signature}")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_jwt_refuses_json_that_is_nested_too_deeply(text: str) -> None:
    nested = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    assert refuses(f"{nested}.{nested}.{nested}")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["alg", "typ", "crit", "kid", "b64"]), inner)
        ),
    )
)
def test_jwt_refuses_any_header_that_is_not_ours(header: object) -> None:
    _, payload, signature = signed(claims()).split(".")

    assert refuses(f"{encoded(header)}.{payload}.{signature}")


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
