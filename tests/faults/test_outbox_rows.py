"""F39: rows of the outbox that nobody can read or send, among those of people who sign up."""

import json
import time

from tests.support.faults.disturbances import stopped_redis
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG
from tests.support.faults.site import Site
from tests.support.faults.traffic import statuses
from tests.support.polling import eventually

SIGN_UPS = 100 if IS_LONG else 12
BAD = 150  # more than a sweep takes at once
MAILED_WITHIN = 10  # seconds
# They are first in line. One in three has a chain without end, as only an older version stores it.
STORE_BAD_ROWS = """
INSERT INTO outbox (id, task_name, payload, options, followers, next_try_at)
SELECT 'bad-' || number, 'email:welcome', '{}',
       (ARRAY['[]', '{"max_retries": 2.5}', '{}'])[number % 3 + 1]::jsonb,
       CASE number % 3 WHEN 2 THEN (
           repeat('{"on_success":[{"id":"s","name":"n","payload":{},"options":{},"followers":', 1000)
           || 'null' || repeat('}]}', 1000)
       )::jsonb END,
       now() - interval '1 hour'
FROM generate_series(1, 150) AS number
"""


def test_f39_bad_rows_delay_no_mail(site: Site, row: Row) -> None:
    with site.traffic("bad-rows") as traffic:
        with stopped_redis(site):
            site.execute(STORE_BAD_ROWS)
            answers = traffic.sign_up_many(SIGN_UPS)
        back = time.monotonic()
        eventually(lambda: site.oracle.open_rows() == BAD, within=60)
        stats = json.loads(site.admin("outbox", "stats", "--json"))
        site.execute("DELETE FROM outbox WHERE id LIKE 'bad-%'")

        verdict = site.oracle.verdict(traffic.answers, within=60)

    row.asked(answers)
    assert statuses(answers) == {201}
    assert "cannot be read" in json.dumps(stats)
    row.note("last email after Redis's return", verdict.last_at - back, limit=MAILED_WITHIN)
