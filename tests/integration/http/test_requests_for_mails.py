"""A request for a mail tells nothing about the account: not by its answer, and not by its time."""

import statistics
import time
from datetime import UTC, datetime

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from tests.support.faults.rounds import IS_LONG
from tests.support.mailed_tokens import MailedTokens

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600 if IS_LONG else 120)]

TRIALS, TOLERANCE = (500, 0.05) if IS_LONG else (30, 0.25)
EMAILS = {
    "verified": "verified@example.com",
    "unverified": "unverified@example.com",
    "disabled": "disabled@example.com",
    "unknown": "nobody@example.com",
}
PATHS = ("/api/v1/auth/forgot-password", "/api/v1/auth/resend-verification")


@pytest.fixture
async def site(client: httpx.AsyncClient, container: Container) -> MailedTokens:
    """An account of each kind."""
    site = MailedTokens(client, container)
    now = datetime.now(UTC)
    verified, _ = await site.sign_up(EMAILS["verified"])
    await site.save(verified.verify_email(now=now))
    disabled, _ = await site.sign_up(EMAILS["disabled"])
    await site.save(disabled.disable(now=now))
    await site.sign_up(EMAILS["unverified"])
    return site


@pytest.mark.parametrize("path", PATHS)
async def test_the_answer_is_the_same_for_every_address(site: MailedTokens, path: str) -> None:
    responses = [await site.client.post(path, json={"email": email}) for email in EMAILS.values()]

    answers = []
    for response in responses:
        body = response.json()
        del body["meta"]
        headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
        answers.append((response.status_code, headers, body))
    assert answers[0][0] == 202
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("path", PATHS)
async def test_the_time_is_the_same_for_every_address(site: MailedTokens, path: str) -> None:
    times: dict[str, list[float]] = {email: [] for email in EMAILS.values()}

    for _ in range(TRIALS):
        for email, seconds in times.items():
            # Other processes disturb the time of the CPU less than the clock.
            started = time.process_time()
            response = await site.client.post(path, json={"email": email})
            seconds.append(time.process_time() - started)
            assert response.status_code == 202

    medians = [statistics.median(seconds) for seconds in times.values()]
    assert max(medians) < min(medians) * (1 + TOLERANCE)
