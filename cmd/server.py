"""`python -m cmd.server [--reload | --debug]`: the HTTP API."""

import argparse
import sys

from internal.infrastructure.bootstrap.process.process_signals import end_when_told


def main() -> None:
    end_when_told()
    parser = argparse.ArgumentParser(prog="python -m cmd.server", description=__doc__)
    development = parser.add_mutually_exclusive_group()
    development.add_argument("--reload", action="store_true", help="restart when the code changes")
    development.add_argument(
        "--debug", action="store_true", help="one process in the terminal, for breakpoint()"
    )
    _serve(parser.parse_args())


def _serve(arguments: argparse.Namespace) -> None:
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - signals first: see process_signals.py
    from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - as above

    import_structlog()
    with entry_point("cmd.server"):
        if arguments.reload or arguments.debug:
            _develop(arguments)
            return
        from internal.infrastructure.bootstrap.server.server_plan import read_server_plan  # noqa: PLC0415 - as above

        # Before anything larger is imported: the child that reads the settings is a fork.
        plan = read_server_plan()
        from internal.infrastructure.bootstrap.server.serve import build_app, serve  # noqa: PLC0415 - as above
        from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

        configure_logging(level=plan.log_level, log_format=plan.log_format)
        serve(plan, build_app)


def _develop(arguments: argparse.Namespace) -> None:
    from internal.infrastructure.bootstrap.services.service_discovery import (  # noqa: PLC0415 - signals first
        announce_services,
        locate_services,
    )
    from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

    settings = locate_services()
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    if arguments.reload:
        from internal.infrastructure.bootstrap.dev.reloading import run_reloading  # noqa: PLC0415 - as above

        sys.exit(run_reloading(["cmd.server"]))
    from internal.infrastructure.bootstrap.dev.debugging import let_breakpoints_be  # noqa: PLC0415 - as above
    from internal.infrastructure.bootstrap.server.serve import serve_debugged  # noqa: PLC0415 - as above

    announce_services(settings)
    let_breakpoints_be()
    serve_debugged(settings)


if __name__ == "__main__":
    main()
