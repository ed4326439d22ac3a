from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.ports.tasks import Queue


def test_a_reset_does_not_wait_behind_other_tasks() -> None:
    assert SendPasswordReset.task_options.queue == Queue.CRITICAL
