"""A new background task has a payload, a handler, a provider and a route; forgetting one fails here."""

import importlib
import pkgutil
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import pytest

from internal.application import tasks
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.containers.taskqueue import QUEUES
from internal.infrastructure.bootstrap.server import http_application
from internal.infrastructure.bootstrap.worker import run_worker
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.worker.routes import ROUTES
from internal.ports.tasks import TaskOptions


def find_payloads() -> list[type[Any]]:
    modules = [
        importlib.import_module(f"{tasks.__name__}.{found.name}")
        for found in pkgutil.iter_modules(tasks.__path__)
    ]
    return [
        declared
        for module in modules
        for declared in vars(module).values()
        if isinstance(declared, type) and declared.__module__ == module.__name__
        if hasattr(declared, "task_name")
    ]


payloads = find_payloads()
for_every_payload = pytest.mark.parametrize("payload", payloads, ids=lambda payload: payload.__name__)


def test_there_are_tasks() -> None:
    assert payloads


def test_every_task_has_one_route_and_every_route_a_task() -> None:
    assert set(ROUTES) == set(payloads)


def test_no_two_tasks_share_a_name() -> None:
    assert len({payload.task_name for payload in payloads}) == len(payloads)


def test_no_two_tasks_share_a_handler() -> None:
    assert len(set(ROUTES.values())) == len(ROUTES)


@for_every_payload
def test_the_provider_of_a_route_makes_a_handler_of_that_task(payload: type[Any]) -> None:
    container = Container(settings=Settings())

    handler = container.tasks().providers[ROUTES[payload]]()

    hints = get_type_hints(type(handler).__call__)
    assert hints["task"] is payload


@for_every_payload
def test_a_payload_is_a_frozen_slotted_keyword_only_dataclass(payload: type[Any]) -> None:
    assert is_dataclass(payload)
    assert vars(payload)["__dataclass_params__"].frozen
    assert "__slots__" in vars(payload)
    assert all(field.kw_only for field in fields(payload))


@for_every_payload
def test_a_task_says_how_it_is_run_on_a_queue_that_every_worker_has(payload: type[Any]) -> None:
    assert isinstance(payload.task_options, TaskOptions)
    assert payload.task_options.queue in QUEUES


def test_server_and_worker_are_built_from_the_same_container() -> None:
    assert vars(http_application)["Container"] is vars(run_worker)["Container"] is Container


def test_the_use_cases_of_both_processes_share_one_publisher() -> None:
    """The sign-ups of the server and the relay of the worker publish in the same way."""
    container = Container(settings=Settings())

    unit_of_work = vars(container.auth.register_user())["_uow"]
    sweeper = container.database.outbox_relay()

    assert vars(unit_of_work)["_relay"] is sweeper
    assert vars(unit_of_work)["_transport"] is vars(sweeper)["_transport"] is container.taskqueue.publisher()
