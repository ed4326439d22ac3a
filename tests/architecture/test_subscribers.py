"""A new event or subscriber is listed in internal/application/subscribers.py; forgetting one fails here."""

import inspect
from dataclasses import fields
from datetime import datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest

from internal.application.subscribers import SUBSCRIBERS
from internal.domain import events
from internal.domain.events import Event
from internal.infrastructure.worker.routes import ROUTES

EVENTS = [
    declared
    for declared in vars(events).values()
    if inspect.isclass(declared) and issubclass(declared, Event) and declared is not Event
]
SUBSCRIBING = [task for task in ROUTES if hasattr(task, "on")]
# What an event may contain: nothing that says who somebody is.
IMPERSONAL = {UUID, int, bool, datetime, frozenset[str]}


def accepted_by(task: Any) -> set[type[Event]]:
    """The events that `on` of the task takes."""
    hint = get_type_hints(task.on)["event"]
    return {event for each in get_args(hint) or (hint,) for event in EVENTS if issubclass(event, each)}


def test_there_are_events_and_subscribers() -> None:
    assert EVENTS
    assert SUBSCRIBING


def test_every_event_is_listed_with_its_subscribers() -> None:
    assert set(SUBSCRIBERS) == set(EVENTS)


def test_no_two_events_share_a_name() -> None:
    assert len({event.name for event in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("task", SUBSCRIBING, ids=lambda task: task.__name__)
def test_a_subscriber_is_listed_once_for_each_event_that_it_takes(task: Any) -> None:
    listed = [event for event, those in SUBSCRIBERS.items() for on in those if on == task.on]

    assert sorted(event.name for event in listed) == sorted(event.name for event in accepted_by(task))


def test_every_listed_subscriber_is_a_task_with_a_route() -> None:
    every_on: list[Any] = [on for those in SUBSCRIBERS.values() for on in those]
    listed = {on.__self__ for on in every_on}

    assert listed == set(SUBSCRIBING)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_contains_no_personal_data(event: type[Event]) -> None:
    hints = get_type_hints(event)

    assert {hints[field.name] for field in fields(event)} <= IMPERSONAL
