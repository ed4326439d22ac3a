from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.worker import run_worker
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.worker.schedule import SCHEDULE


def test_every_entry_of_the_schedule_can_be_published_and_the_worker_has_it() -> None:
    """Plan the schedule as a starting worker does, which raises InvalidSchedule if it is wrong."""
    scheduler = Container(settings=Settings()).worker.scheduler()

    assert list(vars(scheduler)["_entries"]) == [entry.name for entry in SCHEDULE]
    assert vars(run_worker)["Container"] is Container
