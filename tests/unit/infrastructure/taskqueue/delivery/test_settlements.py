from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import (
    Demand,
    FetchRequest,
    Lease,
    OutcomeRow,
    Settlement,
    extend_request,
    fetch_request,
    read_extension,
)
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.timing import Timing

DEMAND = Demand(total=3, direct=2, suspect=True)


def request(session: Session, *settlements: Settlement, size: FetchSize | None = None) -> FetchRequest:
    call = session.next_call()
    return fetch_request(call, settlements, demand=DEMAND, size=size or FetchSize(), timing=Timing())


def test_says_what_it_can_take() -> None:
    asked = request(Session())

    assert (asked.demand, asked.direct, asked.suspect) == (3, 2, 1)


def test_asks_for_no_more_than_should_fit_into_a_reply() -> None:
    size = FetchSize()
    size.arrived(tasks=1, size=size.bytes)

    asked = request(Session(), size=size)

    assert (asked.demand, asked.direct) == (1, 1)


def test_no_two_calls_have_the_same_token() -> None:
    session, other = Session(), Session()

    tokens = {request(asker).token for asker in (session, session, other)}

    assert len(tokens) == 3


def test_an_epoch_holds_for_all_later_calls() -> None:
    session = Session()

    before = request(session).epoch
    session.begin_epoch()
    extension = extend_request(session, [], reconcile=True, timing=Timing())

    assert (before, extension.epoch, request(session).epoch) == (0, 1, 1)


def test_an_outcome_without_a_message_leaves_the_stored_one() -> None:
    asked = request(Session(), Settlement(Lease("default", "1", "token"), Outcome(Kind.RETRY, 5)))

    assert asked.outcomes == [OutcomeRow(Kind.RETRY, "default", "1", "token", 5, "", "", "")]


def test_the_answer_to_an_extension_names_leases() -> None:
    held = [Lease("default", task_id, "token") for task_id in "abc"]
    asked = extend_request(Session(), held, reconcile=False, timing=Timing())

    extension = read_extension([[1, 3], [2]], asked)

    assert extension == ([held[0], held[2]], [held[1]])
