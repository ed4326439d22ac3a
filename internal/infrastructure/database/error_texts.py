import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext


def leave_rows_out_of(error: psycopg.Error) -> bool:
    """Cut the text to what Postgres says first. Returns False if Postgres said nothing."""
    if error.diag.message_primary is None:
        return False
    error.args = (error.diag.message_primary,)
    return True


def leave_rows_out_of_errors(engine: Engine) -> None:
    """Cut the text of an error to its first line.

    The rest contains the row or the key that Postgres refused. That is personal data, and errors end up in
    the logs.
    """

    @event.listens_for(engine, "handle_error")
    def cut(context: ExceptionContext) -> None:
        original = context.original_exception
        if not isinstance(original, psycopg.Error) or not leave_rows_out_of(original):
            return
        if context.sqlalchemy_exception is not None:
            kind = f"{type(original).__module__}.{type(original).__qualname__}"
            context.sqlalchemy_exception.args = (f"({kind}) {original.diag.message_primary}",)
