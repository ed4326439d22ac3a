"""Every action of an operator on tasks is recorded: before it begins, and with its result."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from internal.application.administration import Actor, operator_name
from internal.domain.caller import Caller
from internal.domain.errors import DomainError
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.ports.audit_trail import AuditTrail
from internal.ports.task_inspector import ActionResult
from internal.ports.unavailable import Unavailable

# More ids are counted, not listed.
MOST_IDS = 100
LONGEST_FACT = 200  # characters

# Values of the fact `outcome`. A failure has its error code instead.
UNFINISHED, INTERRUPTED, DONE, REFUSED = "unfinished", "interrupted", "done", "refused"


class Outcome:
    """The facts of an action so far. Until it ends, it counts as failed, because its process may die."""

    def __init__(self, facts: dict[str, str]) -> None:
        self.result = Result.FAILURE
        self.details = {name: _fact(text) for name, text in facts.items()} | {"outcome": UNFINISHED}
        self._done = 0
        self._refused: list[str] = []
        self._refusals = 0

    def note(self, **facts: str) -> None:
        self.details |= {name: _fact(text) for name, text in facts.items()}

    def note_ids(self, task_ids: Sequence[str]) -> None:
        self.details |= {"tasks": str(len(task_ids)), "ids": _listed(task_ids)}

    def add(self, result: ActionResult) -> None:
        """Add the result of one batch."""
        self._done += len(result.done)
        self._refusals += len(result.refused)
        self._refused += [*result.refused][: MOST_IDS - len(self._refused)]
        self.details |= {"done": str(self._done), "refused": str(self._refusals)}
        if self._refused:
            self.details["refused_ids"] = _listed(self._refused)

    def end(self) -> None:
        is_refused = self._refusals and not self._done
        self.result = Result.FAILURE if is_refused else Result.SUCCESS
        self.details["outcome"] = REFUSED if is_refused else DONE

    def fail(self, error: BaseException) -> None:
        self.details["outcome"] = _reason_of(error)


class Audit:
    """Records what one person does to tasks."""

    def __init__(self, *, trail: AuditTrail, actor: Actor, caller: Caller) -> None:
        self._trail = trail
        self._actor = actor
        self._caller = caller

    @asynccontextmanager
    async def action(self, name: EventName, /, **facts: str) -> AsyncIterator[Outcome]:
        """Record an action that the body does. Facts are short and never part of a payload.

        Raises:
            Unavailable: the action cannot be recorded. The body does not begin.
        """
        outcome = Outcome(facts)
        async with self._recorded(name, outcome):
            yield outcome

    @asynccontextmanager
    async def action_on(
        self, task_ids: Sequence[str], name: EventName, /, **facts: str
    ) -> AsyncIterator[Outcome]:
        """As `action`, on these tasks."""
        outcome = Outcome(facts)
        outcome.note_ids(task_ids)
        async with self._recorded(name, outcome):
            yield outcome

    @asynccontextmanager
    async def _recorded(self, name: EventName, outcome: Outcome) -> AsyncIterator[None]:
        number = await self._trail.begin(self._event(name, outcome))
        try:
            yield
            outcome.end()
        except BaseException as error:
            outcome.fail(error)
            raise
        finally:
            await self._trail.complete(number, self._event(name, outcome))

    def _event(self, name: EventName, outcome: Outcome) -> SecurityEvent:
        return SecurityEvent(
            name=name,
            result=outcome.result,
            actor_id=self._actor.id,
            operator=operator_name(self._actor),
            subject_id=None,
            caller=self._caller,
            details=dict(outcome.details),
        )


def _reason_of(error: BaseException) -> str:
    match error:
        case DomainError():
            return error.code
        case Unavailable():
            return "UNAVAILABLE"
        case Exception():
            return type(error).__name__
        case _:
            return INTERRUPTED


def _listed(task_ids: Iterable[str]) -> str:
    """The first ids. An id has no spaces, except one that somebody mistyped."""
    return " ".join(_fact(task_id) for task_id in [*task_ids][:MOST_IDS])


def _fact(text: str) -> str:
    """A text that the store can keep and a list can show."""
    return "".join(character if character.isprintable() else "�" for character in text[:LONGEST_FACT])
