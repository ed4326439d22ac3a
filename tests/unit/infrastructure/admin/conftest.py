import pytest

from tests.unit.infrastructure.admin.operating import Operator


@pytest.fixture
def operator() -> Operator:
    return Operator()
