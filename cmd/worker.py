"""`python -m cmd.worker [--processes N | --reload | --debug] [module ...]`: the background jobs.

This process supervises the ones that work. The modules are imported by those: their plain Dramatiq actors
run beside the application's own tasks.
"""

import argparse
import sys

from internal.infrastructure.bootstrap.orders import listen

MOST_PROCESSES = 256  # as of WORKER_PROCESSES


def main() -> None:
    listen()
    parser = argparse.ArgumentParser(prog="python -m cmd.worker", description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules with Dramatiq actors")
    parser.add_argument("--processes", type=int, help="how many work (default: WORKER_PROCESSES)")
    development = parser.add_mutually_exclusive_group()
    development.add_argument("--reload", action="store_true", help="start again whenever the code changes")
    development.add_argument(
        "--debug", action="store_true", help="one process that has the terminal: breakpoint() works"
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
    from internal.infrastructure.bootstrap.entrypoint import entry_point, exit_at_once  # noqa: PLC0415 - signals first: see orders.py
    from internal.infrastructure.bootstrap.services import announce_services, locate_services  # noqa: PLC0415 - as above
    from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

    with exit_at_once(), entry_point("cmd.worker"):
        settings = locate_services()
        configure_logging(
            level=settings.log_level, log_format=settings.log_format, tell_tasks=settings.log_tasks
        )
        if arguments.debug:
            from internal.infrastructure.bootstrap.debugging import let_breakpoints_be  # noqa: PLC0415 - for development

            announce_services(settings)
            let_breakpoints_be()
        if arguments.supervised or arguments.debug:
            from internal.infrastructure.bootstrap.worker import run_worker  # noqa: PLC0415 - only its children need all of it

            run_worker(
                settings, modules=arguments.modules, is_drained=arguments.drained, is_debugged=arguments.debug
            )
        elif arguments.reload:
            from internal.infrastructure.bootstrap.reloading import run_reloading  # noqa: PLC0415 - for development

            processes = arguments.processes or settings.worker_processes
            command = ["cmd.worker", *arguments.modules, "--processes", str(processes)]
            sys.exit(run_reloading(command, modules=arguments.modules))
        else:
            announce_services(settings)
            from internal.infrastructure.bootstrap.supervisor import supervise_workers  # noqa: PLC0415 - as above

            processes = arguments.processes or settings.worker_processes
            sys.exit(supervise_workers(settings, processes=processes, modules=arguments.modules))


if __name__ == "__main__":
    main()
