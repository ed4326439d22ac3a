import pytest

from tests.support.operator_terminal import Operator


@pytest.fixture
def operator() -> Operator:
    return Operator()
