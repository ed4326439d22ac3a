from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.security.derived_keys import DerivedKeys
from internal.infrastructure.security.hmac_refresh_tokens import HmacRefreshTokens
from internal.ports.refresh_tokens import InvalidRefreshToken, RefreshTokens
from tests.fakes.refresh_tokens import FakeRefreshTokens

OLD, NEW = (DerivedKeys([secret]).of("refresh-token")[0] for secret in ("old", "new"))


@pytest.fixture(params=["fake", "hmac"])
def tokens(request: pytest.FixtureRequest) -> RefreshTokens:
    return FakeRefreshTokens() if request.param == "fake" else HmacRefreshTokens([NEW])


def test_reads_what_it_has_made(tokens: RefreshTokens) -> None:
    first = tokens.first(uuid4())
    successor = tokens.successor(first)

    assert tokens.read(first.text) == first
    assert tokens.read(successor.text) == successor
    assert successor.session_id == first.session_id


def test_every_token_is_another_one(tokens: RefreshTokens) -> None:
    session_id = uuid4()
    made = [tokens.first(session_id), tokens.first(session_id)]
    made += [tokens.successor(token) for token in made]
    made.append(tokens.successor(made[-1]))

    assert len({token.digest for token in made}) == len({token.text for token in made}) == 5


def test_a_token_has_one_successor(tokens: RefreshTokens) -> None:
    first = tokens.first(uuid4())

    assert tokens.successor(first) == tokens.successor(tokens.read(first.text))


def test_refuses_a_text_that_is_not_a_token(tokens: RefreshTokens) -> None:
    with pytest.raises(InvalidRefreshToken):
        tokens.read("nonsense")


def test_shows_no_secret(tokens: RefreshTokens) -> None:
    token = tokens.first(uuid4())

    assert token.text not in repr(token)
    assert repr(token.secret) not in repr(token)


HMAC = HmacRefreshTokens([NEW])
TOKEN = HMAC.first(uuid4()).text


@given(st.integers(0, len(TOKEN) - 2), st.characters(codec="ascii"))
def test_any_other_character_makes_a_token_invalid(position: int, character: str) -> None:
    text = TOKEN[:position] + character + TOKEN[position + 1 :]

    if text != TOKEN:
        with pytest.raises(InvalidRefreshToken):
            HMAC.read(text)


@given(st.text() | st.text(alphabet="abcXYZ019-_", min_size=86, max_size=86))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRefreshToken):
        HMAC.read(text)


def test_a_token_has_256_random_bits() -> None:
    assert len(HMAC.first(uuid4()).secret) == 32
    assert len(TOKEN) == 86


def test_replicas_agree_on_the_successor_while_a_key_is_rolled_out() -> None:
    before, during = HmacRefreshTokens([OLD, NEW]), HmacRefreshTokens([NEW, OLD])
    token = before.first(uuid4())

    assert during.successor(token).digest == before.successor(token).digest
    assert HmacRefreshTokens([NEW]).read(during.successor(token).text).session_id == token.session_id


def test_a_removed_key_ends_its_tokens() -> None:
    token = HmacRefreshTokens([OLD]).first(uuid4())

    with pytest.raises(InvalidRefreshToken):
        HmacRefreshTokens([NEW]).read(token.text)
