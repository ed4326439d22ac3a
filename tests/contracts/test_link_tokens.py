import re
from collections.abc import Callable
from itertools import product
from uuid import UUID

import pytest

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.security.derived_keys import DerivedKeys
from internal.infrastructure.security.hmac_link_tokens import HmacLinkTokens
from internal.ports.link_tokens import LinkTokens
from tests.fakes.link_tokens import FakeLinkTokens

VERIFY = TokenPurpose.VERIFY_EMAIL
ADA, BOB = UUID(int=1), UUID(int=2)
TASK_IDS = ["task-1", "task-2", "", "a\x00b", "a\r\nb", "\u00e9", "\ud800"]

WithKeys = Callable[..., LinkTokens]


@pytest.fixture(params=["fake", "hmac"])
def with_keys(request: pytest.FixtureRequest) -> WithKeys:
    if request.param == "fake":
        return FakeLinkTokens
    return lambda *secrets: HmacLinkTokens(DerivedKeys(secrets))


def test_every_attempt_gets_the_same_token(with_keys: WithKeys) -> None:
    assert with_keys("one").of(VERIFY, ADA, "task-1") == with_keys("one").of(VERIFY, ADA, "task-1")


def test_every_purpose_user_and_task_has_its_own_token(with_keys: WithKeys) -> None:
    tokens = with_keys("one")

    found = [tokens.of(*each)[0] for each in product(TokenPurpose, (ADA, BOB), TASK_IDS)]

    assert len(set(found)) == len(found)


def test_a_token_is_long_and_needs_no_escaping(with_keys: WithKeys) -> None:
    for task_id in TASK_IDS:
        [token] = with_keys("one").of(VERIFY, ADA, task_id)

        assert re.fullmatch(r"[A-Za-z0-9_-]{43,64}", token)


def test_each_live_key_gives_a_token_the_newest_first(with_keys: WithKeys) -> None:
    [old] = with_keys("old").of(VERIFY, ADA, "task-1")
    [new] = with_keys("new").of(VERIFY, ADA, "task-1")

    assert list(with_keys("new", "old").of(VERIFY, ADA, "task-1")) == [new, old]
