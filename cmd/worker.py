"""`python -m cmd.worker`: the background jobs."""

from internal.infrastructure.bootstrap.entrypoint import entry_point
from internal.infrastructure.bootstrap.services import locate_services
from internal.infrastructure.bootstrap.worker import run_worker
from internal.infrastructure.log import configure_logging


def main() -> None:
    with entry_point("cmd.worker"):
        settings = locate_services()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        run_worker(settings)


if __name__ == "__main__":
    main()
