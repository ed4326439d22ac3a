from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.chosen_form import ChosenForm
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.outcome import Outcome
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.outbox_inspector import APPLIES_TO, OutboxAction, OutboxInspector, OutboxPage, OutboxState
from internal.ports.unavailable import Unavailable

SIZE = 50


class RowsForm(ChosenForm, frozen=True, kw_only=True):
    """`state` is that of the list that the rows were chosen from."""

    action: OutboxAction
    state: str = ""

    @property
    def needs_question(self) -> bool:
        return not self.is_confirmed and (len(self.ids) > 1 or self.action is OutboxAction.DISCARD)


class OutboxController(Controller):
    path = "/outbox"

    @get()
    async def page(
        self,
        request: Request[Any, Any, Any],
        frame: NamedDependency[Frame],
        outbox: SkipValidation[NamedDependency[OutboxInspector]],
    ) -> Template | Redirect:
        state = _state(request.query_params.get("state", ""))
        cursor = request.query_params.get("cursor") or None
        try:
            listed = await _rows(outbox, state, cursor)
        except ValueError:
            # The cursor is not one of this list.
            return see_other(list_address(state))
        return frame.page(
            "outbox.html",
            state=state,
            listed=listed,
            sizes=_sizes(frame),
            actions=_actions(state),
            is_first_page=cursor is None,
            address_of=list_address,
        )

    @post("/act", opt=access(Permission.MANAGE_TASKS), status_code=200)
    async def act(
        self,
        data: URLEncodedBody[RowsForm],
        frame: NamedDependency[Frame],
        outbox: SkipValidation[NamedDependency[OutboxInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Template:
        back = list_address(_state(data.state))
        if not data.ids or data.needs_question:
            return frame.page("outbox_question.html", form=data, back=back)
        result = await outbox.act(data.action, data.ids)
        snapshots.forget()
        outcome = Outcome(data.action).plus(result)
        return frame.page("outbox_result.html", outcome=outcome, refused=result.refused, back=back)


def list_address(state: OutboxState | None, cursor: str | None = None) -> str:
    query = {name: value for name, value in {"state": state, "cursor": cursor}.items() if value}
    return f"/dashboard/outbox?{urlencode(query)}" if query else "/dashboard/outbox"


def _state(text: str) -> OutboxState | None:
    """None, which is all states, for a state that does not exist."""
    return OutboxState(text) if text in set(OutboxState) else None


async def _rows(outbox: OutboxInspector, state: OutboxState | None, cursor: str | None) -> OutboxPage | None:
    """None if Postgres does not answer."""
    try:
        return await outbox.rows(state, size=SIZE, cursor=cursor)
    except Unavailable:
        return None


def _sizes(frame: Frame) -> dict[OutboxState, int]:
    """Ended rows are not counted: that would take time in proportion to their number."""
    stats = frame.snapshot.outbox
    if stats is None:
        return {}
    return {
        OutboxState.WAITING: stats.waiting,
        OutboxState.FORWARDED: stats.forwarded,
        OutboxState.GIVEN_UP: stats.given_up,
    }


def _actions(state: OutboxState | None) -> Sequence[OutboxAction]:
    """The actions that apply to the state; without a state, all."""
    return [action for action in OutboxAction if state is None or state in APPLIES_TO[action]]
