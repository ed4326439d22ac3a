"""Options whose values Typer takes as they are. To convert a value, it imports Pydantic.

That takes a tenth of a second of CPU: too much for a health check that runs all the time. Typer even converts
the value of the `--help` that nobody gave.
"""

from typing import Any

from typer.core import TyperCommand, TyperGroup


class PlainCommand(TyperCommand):
    """A command whose options are text or flags."""

    def get_params(self, ctx: Any) -> Any:
        return _unconverted(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group of commands, which has no option but `--help`."""

    def get_params(self, ctx: Any) -> Any:
        return _unconverted(super().get_params(ctx))


class _AsGiven:
    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:  # noqa: ARG002 - the signature of Typer's method
        return value


def _unconverted(parameters: Any) -> Any:
    for parameter in parameters:
        parameter.get_runtime_param = _AsGiven
    return parameters
