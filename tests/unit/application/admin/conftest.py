import pytest

from tests.support.administration import Office


@pytest.fixture
def office() -> Office:
    return Office()
