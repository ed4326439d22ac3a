from datetime import timedelta
from uuid import uuid4

import pytest

from internal.application.admin.count_log_ins import CountLogIns, CountLogInsCommand
from internal.domain.errors import NotPermitted
from tests.fakes.log_in_counts import FakeLogInCounts
from tests.support.administration import Office

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def test_counts_the_log_ins_of_the_last_days_today_first() -> None:
    office, counts = Office(), FakeLogInCounts()
    now = office.clock.now()
    for ago in (0, 0, 2, 3):
        await counts.add(uuid4(), occurred_at=now - ago * DAY)
    count_log_ins = CountLogIns(log_in_counts=counts, clock=office.clock)

    counted = await count_log_ins(CountLogInsCommand(actor=office.admin, days=3))

    today = now.date()
    assert list(counted.items()) == [(today, 2), (today - DAY, 0), (today - 2 * DAY, 1)]


async def test_only_who_manages_users_sees_the_counts() -> None:
    office = Office()
    count_log_ins = CountLogIns(log_in_counts=FakeLogInCounts(), clock=office.clock)

    with pytest.raises(NotPermitted):
        await count_log_ins(CountLogInsCommand(actor=office.subject, days=1))
