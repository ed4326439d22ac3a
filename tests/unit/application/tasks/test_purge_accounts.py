from datetime import timedelta

import pytest

from internal.application.tasks.purge_accounts import PurgeAccounts, PurgeAccountsHandler
from internal.ports.tasks import TaskContext
from tests.fakes.account_history import FakeAccountHistory

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="purge", queue="low", retries=0, max_retries=25, deadline=None, headers={})
DAY = timedelta(days=1)


async def test_purges_every_kind_in_batches_until_nothing_old_is_left() -> None:
    history = FakeAccountHistory()
    for ages in (history.sessions, history.account_tokens, history.security_events):
        ages += [days * DAY for days in range(40)]
    history.counted_log_ins = [days * DAY for days in range(410)]
    handle = PurgeAccountsHandler(history=history, events_for=30 * DAY, batch=3)

    await handle(PurgeAccounts(), CONTEXT)

    assert history.counted_log_ins == [days * DAY for days in range(400)]
    assert history.sessions == [days * DAY for days in range(7)]
    assert history.account_tokens == [0 * DAY]
    assert history.security_events == [days * DAY for days in range(30)]
