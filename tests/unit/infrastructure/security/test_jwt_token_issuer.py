import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.security.ed25519_key import ed25519_key
from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer
from internal.infrastructure.security.token_key import TokenKey
from internal.ports.token_issuer import InvalidToken
from tests.fakes.clock import FakeClock
from tests.support.access_tokens import (
    KEYS,
    OTHER_KEYS,
    OTHER_SECRET,
    SECRET,
    compact,
    encoded,
    parts_of,
    signer,
)
from tests.support.forged_tokens import forged

TTL = timedelta(minutes=15)
ISSUER = "https://users.example"
USER_ID = UUID("0190c5a0-0000-7000-8000-000000000001")
SESSION_ID = UUID("0190c5a0-0000-7000-8000-000000000002")
HS256, EDDSA = KEYS["HS256"], KEYS["EdDSA"]
ALGORITHMS = pytest.mark.parametrize("key", [HS256, EDDSA], ids=["HS256", "EdDSA"])


def issuer(*keys: TokenKey) -> JwtTokenIssuer:
    # PyJWT checks the expiry against the machine's clock.
    return JwtTokenIssuer(keys=keys, issuer=ISSUER, ttl=TTL, clock=FakeClock(datetime.now(UTC)))


def accepts(tokens: JwtTokenIssuer, token: str) -> bool:
    try:
        tokens.verify(token)
    except InvalidToken:
        return False
    return True


def token_of(key: TokenKey) -> str:
    return issuer(key).issue(USER_ID, session_id=SESSION_ID)


@ALGORITHMS
def test_says_what_an_access_token_says(key: TokenKey) -> None:
    header, claims = parts_of(token_of(key))

    assert header == {"alg": key.algorithm, "typ": "at+jwt", "kid": key.key_id}
    assert claims.keys() == {"sub", "sid", "iat", "exp", "jti", "iss", "aud"}
    assert (claims["sub"], claims["sid"]) == (str(USER_ID), str(SESSION_ID))
    assert claims["iss"] == claims["aud"] == ISSUER
    assert claims["exp"] - claims["iat"] == TTL.total_seconds()


@ALGORITHMS
def test_refuses_every_forgery(key: TokenKey) -> None:
    tokens, good = issuer(*KEYS.values()), token_of(key)
    header, claims = parts_of(good)

    accepted = [name for name, token in forged(good, key).items() if accepts(tokens, token)]

    assert accepted == []
    assert accepts(tokens, compact(header, claims, signer(key)))  # what they start from


@pytest.mark.parametrize("skew", [timedelta(seconds=20), timedelta(seconds=-20)])
def test_forgives_clocks_that_are_a_little_apart(skew: timedelta) -> None:
    now = datetime.now(UTC)
    header, claims = parts_of(token_of(HS256))
    times = {"iat": (now + skew).timestamp(), "exp": (now - abs(skew)).timestamp()}

    assert accepts(issuer(HS256), compact(header, {**claims, **times}, signer(HS256)))


@ALGORITHMS
def test_another_key_stays_accepted_while_it_is_live(key: TokenKey) -> None:
    other = OTHER_KEYS[key.algorithm]
    both = issuer(key, other)

    assert accepts(both, token_of(other))
    assert parts_of(both.issue(USER_ID, session_id=SESSION_ID))[0]["kid"] == key.key_id
    assert not accepts(issuer(key), token_of(other))


@pytest.mark.parametrize(
    ("accepted", "signs"),
    [([HS256], HS256), ([HS256, EDDSA], HS256), ([EDDSA, HS256], EDDSA), ([EDDSA], EDDSA)],
    ids=["before", "prepared", "switched", "after"],
)
def test_a_change_of_the_algorithm_goes_in_steps(accepted: list[TokenKey], signs: TokenKey) -> None:
    tokens = issuer(*accepted)

    header, _ = parts_of(tokens.issue(USER_ID, session_id=SESSION_ID))

    assert header["alg"] == signs.algorithm
    assert [key for key in (HS256, EDDSA) if accepts(tokens, token_of(key))] == sorted(
        accepted, key=[HS256, EDDSA].index
    )


def without_key_id(secret: str) -> str:
    """A token as the version before signed it."""
    now = datetime.now(UTC)
    claims = {"sub": str(USER_ID), "iat": now, "exp": now + TTL, "jti": "1", "iss": ISSUER, "aud": ISSUER}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"typ": "at+jwt"})


def test_accepts_tokens_of_the_version_before() -> None:
    tokens = issuer(HS256, OTHER_KEYS["HS256"])

    for secret in (SECRET, OTHER_SECRET):
        said = tokens.verify(without_key_id(secret))
        assert (said.user_id, said.session_id) == (USER_ID, None)
    assert not accepts(issuer(EDDSA), without_key_id(SECRET))


def test_only_hs256_goes_without_a_key_id() -> None:
    header, claims = parts_of(token_of(EDDSA))

    unnamed = compact({**header, "kid": None}, claims, signer(EDDSA))

    assert not accepts(issuer(EDDSA, HS256), unnamed)


def test_the_version_before_accepts_our_tokens() -> None:
    decoded: dict[str, Any] = jwt.decode_complete(
        token_of(HS256),
        SECRET,
        algorithms=["HS256"],
        issuer=ISSUER,
        audience=ISSUER,
        leeway=timedelta(seconds=30),
        options={"require": ["sub", "iat", "exp", "jti", "iss", "aud"]},
    )

    assert decoded["header"]["typ"] == "at+jwt"
    assert UUID(decoded["payload"]["sub"]) == USER_ID


def test_shows_no_secret() -> None:
    for key in (HS256, EDDSA):
        assert SECRET not in repr(key)
        assert str(key.signs_with) not in repr(key)
    assert HS256.key_id != OTHER_KEYS["HS256"].key_id


def test_the_id_of_a_public_key_is_its_thumbprint() -> None:
    """The example of RFC 8037, appendix A.3."""
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")

    key = ed25519_key(seed)

    assert key.key_id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("text", ["[" * 2000, '{"a":' * 400])
def test_refuses_json_that_is_nested_deeply(text: str) -> None:
    nested = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    assert not accepts(issuer(HS256), f"{nested}.e30.e30")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["alg", "typ", "crit", "kid", "b64"]), inner)
        ),
    )
)
def test_refuses_any_header_that_is_not_ours(header: object) -> None:
    _, payload, signature = token_of(HS256).split(".")

    assert not accepts(issuer(*KEYS.values()), f"{encoded(header)}.{payload}.{signature}")
