import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from dramatiq import Message
from hypothesis import HealthCheck, given, settings

from internal.infrastructure.telemetry.log import TASKS, LogFormat, configure_logging
from tests.support.hostile_errors import Hostile, hostile_errors

CANARY = "canary@example.com"

in_both_formats = pytest.mark.parametrize("log_format", ["json", "console"])


@pytest.fixture(autouse=True)
def previous_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail_with_personal_data() -> None:
    email = CANARY
    raise ValueError(f"{len(email)} characters")


def fail_with(error: BaseException) -> None:
    raise error


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", log_format="json")

    structlog.get_logger("ours").info("task.published", queue="low")

    [line] = capsys.readouterr().out.splitlines()
    event = json.loads(line)
    assert (event["event"], event["queue"], event["level"]) == ("task.published", "low", "info")
    assert event["timestamp"].endswith("Z")


def test_bound_context_is_in_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", log_format="json")

    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("ours").info("event")
        logging.getLogger("a.library").info("event")

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["request_id"] for line in lines] == ["r-1", "r-1"]


@in_both_formats
def test_events_below_the_level_are_dropped(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat
) -> None:
    configure_logging(level="INFO", log_format=log_format)

    structlog.get_logger("ours").debug("event")
    logging.getLogger("a.library").debug("event")

    assert capsys.readouterr().out == ""


@in_both_formats
def test_dramatiq_messages_are_logged_without_their_payload(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat
) -> None:
    configure_logging(level="INFO", log_format=log_format)
    message = Message[None](
        queue_name="default", actor_name="email:welcome", args=(), kwargs={"email": CANARY}, options={}
    )

    logging.getLogger("dramatiq.worker").warning("Failed to process message %s (%r).", message, message)

    logged = capsys.readouterr().out
    assert f"email:welcome[{message.message_id}]" in logged
    assert CANARY not in logged


@in_both_formats
@pytest.mark.parametrize("logger", ["ours", "dramatiq.worker"])
def test_tracebacks_show_no_local_variables(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat, logger: str
) -> None:
    configure_logging(level="INFO", log_format=log_format)

    try:
        fail_with_personal_data()
    except ValueError:
        structlog.get_logger(logger).exception("event")
        logging.getLogger(logger).exception("event")

    logged = capsys.readouterr().out
    assert logged.count("18 characters") == 2
    assert CANARY not in logged


@in_both_formats
@pytest.mark.parametrize("line_break", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_break_in_a_value_forges_no_event(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat, line_break: str
) -> None:
    configure_logging(level="INFO", log_format=log_format)

    structlog.get_logger("ours").info("event", path=f'/{line_break}{{"event": "forged"}}')

    assert len(capsys.readouterr().out.splitlines()) == 1


@in_both_formats
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(hostile=hostile_errors())
def test_no_error_keeps_its_line_from_the_log_or_floods_it(
    capfdbinary: pytest.CaptureFixture[bytes], log_format: LogFormat, hostile: Hostile
) -> None:
    configure_logging(level="INFO", log_format=log_format)

    structlog.get_logger("ours").error("one", exc_info=hostile.error)
    try:
        fail_with(hostile.error)
    except BaseException:
        structlog.get_logger("ours").exception("two")
        logging.getLogger("a.library").exception("three")
        logging.getLogger("dramatiq.worker").exception("four")

    written = capfdbinary.readouterr()
    assert written.err == b""
    assert all(f"{word}".encode() in written.out for word in ("two", "three", "four"))
    assert len(written.out) <= 3 * 64 * 1024
    written.out.decode()


@in_both_formats
@pytest.mark.parametrize(
    "value",
    ["x" * 30_000_000, ["x" * 1000] * 1000, "caf\udce9.txt", {"a": "\udce9"}],
    ids=["long", "many", "surrogate", "nested"],
)
def test_no_value_makes_a_line_long_or_keeps_it_out(
    capfdbinary: pytest.CaptureFixture[bytes], log_format: LogFormat, value: object
) -> None:
    configure_logging(level="INFO", log_format=log_format)

    structlog.get_logger("ours").info("event", value=value)
    logging.getLogger("a.library").info("%s", value)

    written = capfdbinary.readouterr()
    assert written.err == b""
    lines = written.out.decode().splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 64 * 1024 for line in lines)
    if log_format == "json":
        assert all(json.loads(line)["level"] == "info" for line in lines)


def test_a_task_that_is_done_is_a_short_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    for tell_tasks in (True, False):
        configure_logging(level="INFO", log_format="console", tell_tasks=tell_tasks)
        structlog.get_logger(TASKS).debug("task.done", task="email:welcome", task_id="1", milliseconds=12.3)

    assert capsys.readouterr().out == "done email:welcome 12 ms\n"


def test_a_task_that_is_done_is_an_event_like_others_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", log_format="json", tell_tasks=True)

    structlog.get_logger(TASKS).debug("task.done", task="email:welcome", task_id="1", milliseconds=12.3)

    event = json.loads(capsys.readouterr().out)
    assert (event["event"], event["level"], event["milliseconds"]) == ("task.done", "debug", 12.3)
