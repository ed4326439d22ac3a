import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.domain.email_address import EmailAddress, InvalidEmailAddress

LONGEST_DOMAIN = ".".join(["d" * 63] * 3)  # 191 characters
LONGEST = f"{'a' * 62}@{LONGEST_DOMAIN}"  # 254 characters

# Close to an address, so that both outcomes are met.
almost_addresses = st.one_of(
    st.text(),
    st.emails(),
    st.text(alphabet="aA0.-@+_ \tß\u212a\u200b\n", max_size=20),
)


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada@Example.COM", "ada@example.com"),
        (" ada@example.com\t", "ada@example.com"),
        ("ada+tag@example.com", "ada+tag@example.com"),
        ("o'brien.x_y-z@example.co.uk", "o'brien.x_y-z@example.co.uk"),
        ("!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("1@2.3a", "1@2.3a"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
        (f"ada@{'d' * 63}.com", f"ada@{'d' * 63}.com"),
        (LONGEST, LONGEST),
    ],
)
def test_accepts_and_normalises(text: str, normalised: str) -> None:
    assert EmailAddress.parse(text).value == normalised


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@@example.com",
        "ada@example.com@example.com",
        "a da@example.com",
        ".ada@example.com",
        "ada.@example.com",
        "a..da@example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@example-.com",
        "ada@exa_mple.com",
        "ada@192.0.2.1",
        "ada@[192.0.2.1]",
        '"ada"@example.com',
        "Ada <ada@example.com>",
        "ada(comment)@example.com",
        "=?utf-8?q?eve=40example.org=2c?=@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com\nBcc: eve@example.com",
        "ada@example.com\n",
        "ada\x00@example.com",
        "ada\u200b@example.com",
        "ádá@example.com",
        "ada@bücher.example",
        "ada@straße.example",
        "\uff41da@example.com",
        "ada@example.\u212aom",  # the Kelvin sign, whose lower case is k
        f"{'a' * 65}@example.com",
        f"ada@{'d' * 64}.com",
        f"a{LONGEST}",
    ],
)
def test_rejects(text: str) -> None:
    with pytest.raises(InvalidEmailAddress) as rejected:
        EmailAddress.parse(text)

    assert rejected.value.errors == {"email": ["must be a valid email address"]}


@given(almost_addresses)
def test_parsing_either_refuses_or_normalises_once_and_for_all(text: str) -> None:
    try:
        once = EmailAddress.parse(text)
    except InvalidEmailAddress:
        return

    assert EmailAddress.parse(str(once)) == once
    assert str(once).isascii()
    assert len(str(once)) <= 254


def test_a_refusal_does_not_repeat_the_address() -> None:
    with pytest.raises(InvalidEmailAddress) as rejected:
        EmailAddress.parse("eve@secret@example.com")

    assert "secret" not in f"{rejected.value}{rejected.value.errors}"


@pytest.mark.parametrize("text", ["a@" + "a." * 32_000, "=?" + "a" * 64_000, "=?x?=" * 12_000])
def test_refuses_the_longest_bodies_at_once(text: str) -> None:
    began_at = time.perf_counter()
    for _ in range(100):
        with pytest.raises(InvalidEmailAddress):
            EmailAddress.parse(text)

    # The patterns take at least a second for this.
    assert time.perf_counter() - began_at < 0.5
