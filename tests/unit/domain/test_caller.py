import pytest

from internal.domain.caller import Caller


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        (None, "unknown"),
    ],
)
def test_hosts_that_may_be_one_count_as_one(address: str | None, network: str) -> None:
    assert Caller(address=address, user_agent=None, request_id=None).network == network
