from urllib.parse import parse_qs, urlsplit

import pytest

from internal.infrastructure.email.links import AccountLinks


@pytest.mark.parametrize("base", ["https://users.example", "https://users.example/"])
def test_a_link_leads_to_a_page_and_carries_the_token(base: str) -> None:
    links = AccountLinks(app_base_url=base)

    assert links.verify_email("t-1_A") == "https://users.example/verify-email?token=t-1_A"
    assert links.reset_password("t-1_A") == "https://users.example/reset-password?token=t-1_A"
    assert links.confirm_email("t-1_A") == "https://users.example/confirm-email?token=t-1_A"
    assert links.forgot_password() == "https://users.example/forgot-password"


def test_a_service_in_a_folder_keeps_its_folder() -> None:
    links = AccountLinks(app_base_url="https://example.com/users/")

    assert links.forgot_password() == "https://example.com/users/forgot-password"


def test_a_token_cannot_change_the_address() -> None:
    token = "a&b=c#d e\r\n../\u00e9"

    link = urlsplit(AccountLinks(app_base_url="https://users.example").verify_email(token))

    assert (link.path, link.fragment) == ("/verify-email", "")
    assert parse_qs(link.query) == {"token": [token]}
