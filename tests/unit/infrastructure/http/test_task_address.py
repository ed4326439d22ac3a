from urllib.parse import unquote

import pytest

from internal.infrastructure.http.task_address import task_address, task_id_of


@pytest.mark.parametrize("task_id", ["a/b", "..", "%2F", "a?b#c", "a b", "ü", "%"])
def test_a_server_that_decodes_the_path_once_finds_the_id(task_id: str) -> None:
    address = task_address("default", task_id)

    *_, segment = unquote(address).split("/")
    assert task_id_of(segment) == task_id
    assert address.count("/") == 4


def test_a_usual_id_stays_as_it_is() -> None:
    assert task_address("low", "0199f2c1-7a3e") == "/dashboard/tasks/low/0199f2c1-7a3e"
