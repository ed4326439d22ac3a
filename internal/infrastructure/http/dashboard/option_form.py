"""The options of `cmd.admin task enqueue` as a form. An empty input leaves the task its own option."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from internal.infrastructure import humanize
from internal.infrastructure.http.dashboard.form_field import FormField, Typed, Widget, sentence
from internal.infrastructure.tasks.option_texts import parse_duration, parse_headers, parse_rate, parse_time
from internal.ports.option_rules import RULES
from internal.ports.tasks import Rate, TaskOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """name: the key of TaskOverrides. argument: the option of the command line. kind: for people."""

    name: str
    argument: str
    label: str
    kind: str
    parse: Callable[[str], Any] = str
    widget: Widget = "text"

    def form_field(self, own: TaskOptions, typed: Typed, queues: Sequence[str]) -> FormField:
        name = f"option.{self.name}"
        of_task = _shown(getattr(own, self.name))
        return FormField(
            name=name,
            label=self.label,
            widget=self.widget,
            kind=self.kind,
            text=typed.get(name, ""),
            choices=[("", f"{of_task}, the task's own"), *((each, each) for each in self._choices(queues))],
        )

    def _choices(self, queues: Sequence[str]) -> Sequence[str]:
        return queues if self.name == "queue" else ("done", "expiry")

    def read(self, text: str, queues: Sequence[str]) -> Any:
        """Raises ValueError."""
        value = self.parse(text)
        if self.name == "queue" and value not in queues:
            raise ValueError("There is no such queue.")
        rule = RULES.get(self.name)
        if rule and (problem := rule(value)):
            raise ValueError(problem)
        return value

    def arguments(self, text: str) -> Sequence[tuple[str, str]]:
        """The option as it is typed at a command line."""
        if self.parse is _headers:
            return [(self.argument, line) for line in _lines(text)]
        return [(self.argument, self.parse(text).isoformat() if self.parse is _time else text)]


def _whole(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise ValueError("Must be a whole number.")
    return int(text)


def _time(text: str) -> datetime:
    """Browsers send a time without a zone. It is in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return parse_time(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _lines(text: str) -> Sequence[str]:
    return [line for line in text.splitlines() if line.strip()]


def _headers(text: str) -> dict[str, str]:
    return parse_headers(_lines(text))


def _shown(value: object) -> str:
    if value is None or value == {}:
        return "none"
    match value:
        case timedelta():
            return humanize.duration(value)
        case Rate():
            return f"{value.limit}/{humanize.duration(value.per)}"
        case _:
            return str(value)


_SPAN, _AT = "90s, 15m, 1h30m, 7d", "in UTC"
OPTIONS = (
    Option(name="queue", argument="--queue", label="Queue", kind="", widget="select"),
    Option(name="delay", argument="--delay", label="Delay", kind=_SPAN, parse=parse_duration),
    Option(
        name="process_at",
        argument="--process-at",
        label="Not before",
        kind=_AT,
        parse=_time,
        widget="datetime-local",
    ),
    Option(
        name="deadline",
        argument="--deadline",
        label="Deadline",
        kind=_AT,
        parse=_time,
        widget="datetime-local",
    ),
    Option(
        name="max_retries",
        argument="--max-retries",
        label="Retries",
        kind="attempts after the first",
        parse=_whole,
        widget="number",
    ),
    Option(name="timeout", argument="--timeout", label="Timeout", kind=_SPAN, parse=parse_duration),
    Option(name="retention", argument="--retention", label="Retention", kind=_SPAN, parse=parse_duration),
    Option(name="unique_for", argument="--unique-for", label="Unique for", kind=_SPAN, parse=parse_duration),
    Option(name="unique_key", argument="--unique-key", label="Unique key", kind="instead of the payload"),
    Option(
        name="unique_until",
        argument="--unique-until",
        label="Unique until",
        kind="",
        widget="select",
    ),
    Option(
        name="max_running",
        argument="--max-running",
        label="Running at once",
        kind="at most",
        parse=_whole,
        widget="number",
    ),
    Option(name="rate", argument="--rate", label="Rate", kind="starts, such as 10/1m", parse=parse_rate),
    Option(name="limit_key", argument="--limit-key", label="Limit key", kind="instead of the name"),
    Option(name="task_id", argument="--id", label="Id", kind="your own"),
    Option(
        name="headers",
        argument="--header",
        label="Headers",
        kind="one KEY=VALUE on each line",
        parse=_headers,
        widget="lines",
    ),
)


def options_of(typed: Typed, queues: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The options that were typed, by name, and what is wrong, by label."""
    values, errors = {}, {}
    for option in OPTIONS:
        if text := _typed(option, typed):
            try:
                values[option.name] = option.read(text, queues)
            except ValueError as error:
                errors[option.label] = sentence(str(error))
    return values, errors


def arguments_of(typed: Typed) -> Sequence[tuple[str, str]]:
    """The options that were typed, for a command line. They are valid."""
    return [
        argument
        for option in OPTIONS
        if (text := _typed(option, typed))
        for argument in option.arguments(text)
    ]


def own_options(options: TaskOptions) -> Mapping[str, str]:
    """What holds for the task without any option, by label."""
    return {option.label: _shown(getattr(options, option.name)) for option in OPTIONS}


def _typed(option: Option, typed: Typed) -> str:
    return typed.get(f"option.{option.name}", "").strip()
