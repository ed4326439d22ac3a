"""`python -m cmd.worker [--processes N | --reload | --debug] [module ...]`: the background jobs.

This process supervises the worker processes. They import the given modules, whose plain Dramatiq actors run
beside the application's own tasks.
"""

import argparse
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from internal.infrastructure.bootstrap.process.process_signals import listen

if TYPE_CHECKING:
    from internal.infrastructure.config.settings import Settings

MOST_PROCESSES = 256  # the same limit as for WORKER_PROCESSES


def main() -> None:
    listen()
    parser = argparse.ArgumentParser(prog="python -m cmd.worker", description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules with Dramatiq actors")
    parser.add_argument(
        "--processes", type=int, help="number of worker processes (default: WORKER_PROCESSES)"
    )
    development = parser.add_mutually_exclusive_group()
    development.add_argument("--reload", action="store_true", help="restart when the code changes")
    development.add_argument(
        "--debug", action="store_true", help="one process in the terminal, for breakpoint()"
    )
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--drained", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.processes is not None and arguments.processes < 1:
        parser.error("--processes must be at least 1")
    if arguments.processes is not None and arguments.processes > MOST_PROCESSES:
        parser.error(f"--processes must be at most {MOST_PROCESSES}")
    _work(arguments)


def _work(arguments: argparse.Namespace) -> None:
    from internal.infrastructure.bootstrap.process.exiting import exit_at_once  # noqa: PLC0415 - signals first: see process_signals.py

    with exit_at_once():
        if arguments.supervised or arguments.debug:
            _run(arguments)
        elif arguments.reload:
            _reload(arguments)
        else:
            from internal.infrastructure.bootstrap.worker.supervisor import supervise_workers  # noqa: PLC0415 - as above

            sys.exit(supervise_workers(processes=arguments.processes, modules=arguments.modules))


def _run(arguments: argparse.Namespace) -> None:
    """Work in this process."""
    with _configured() as settings:
        if arguments.debug:
            from internal.infrastructure.bootstrap.dev.debugging import let_breakpoints_be  # noqa: PLC0415 - for development
            from internal.infrastructure.bootstrap.services.service_discovery import announce_services  # noqa: PLC0415 - as above

            announce_services(settings)
            let_breakpoints_be()
        from internal.infrastructure.bootstrap.worker.run_worker import run_worker  # noqa: PLC0415 - a supervisor does not need it

        run_worker(
            settings, modules=arguments.modules, is_drained=arguments.drained, is_debugged=arguments.debug
        )


def _reload(arguments: argparse.Namespace) -> None:
    from internal.infrastructure.bootstrap.dev.reloading import run_reloading  # noqa: PLC0415 - for development

    with _configured() as settings:
        processes = arguments.processes or settings.worker_processes
        command = ["cmd.worker", *arguments.modules, "--processes", str(processes)]
        sys.exit(run_reloading(command, modules=arguments.modules))


@contextmanager
def _configured() -> Generator["Settings"]:
    """Read the settings and set up logging. Each problem is one clear line."""
    from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - signals first

    import_structlog()
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - as above
    from internal.infrastructure.bootstrap.services.service_discovery import locate_services  # noqa: PLC0415 - as above
    from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

    with entry_point("cmd.worker"):
        settings = locate_services()
        configure_logging(
            level=settings.log_level, log_format=settings.log_format, tell_tasks=settings.log_tasks
        )
        yield settings


if __name__ == "__main__":
    main()
