from internal.infrastructure.http.dashboard.traceback_view import lines_of

TRACEBACK = """Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/tasks.py", line 520, in wait_for
    return await fut
  File "/app/internal/email/smtp_sender.py", line 88, in send
    await connect()
  File "<frozen importlib>", line 1, in load
OSError: no route
to the host

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/internal/infrastructure/taskqueue/worker/runner.py", line 1, in run
ExceptionGroup: two
  +-- 1 of 2
  | Traceback (most recent call last):
  |   File "/venv/lib/python3.11/site-packages/redis/client.py", line 2, in get
  |     raise
  | ValueError: no
"""


def test_tells_our_own_code_from_the_rest() -> None:
    kinds = [line.kind for line in lines_of(TRACEBACK)]

    assert kinds == [
        *("plain", "lib", "lib", "own", "own", "lib", "error", "error"),
        *("plain", "plain", "plain", "plain", "lib", "error"),
        *("error", "error", "lib", "lib", "lib"),
    ]


def test_keeps_the_text() -> None:
    assert "\n".join(line.text for line in lines_of(TRACEBACK)) == TRACEBACK.rstrip()


def test_addresses_are_masked_unless_the_reader_may_see_them() -> None:
    masked, revealed = (
        [line.text for line in lines_of("SMTPError: <ada@example.com>", is_masked=is_masked)]
        for is_masked in (True, False)
    )

    assert (masked, revealed) == (["SMTPError: <•••>"], ["SMTPError: <ada@example.com>"])


def test_any_text_is_a_traceback() -> None:
    assert [line.kind for line in lines_of("it was killed")] == ["error"]
