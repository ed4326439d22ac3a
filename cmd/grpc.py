"""`python -m cmd.grpc [--reload]`: the gRPC API."""

import argparse
import os
import sys

from internal.infrastructure.bootstrap.process.process_signals import end_when_told


def main() -> None:
    end_when_told()
    parser = argparse.ArgumentParser(prog="python -m cmd.grpc", description=__doc__)
    parser.add_argument("--reload", action="store_true", help="restart when the code changes")
    _serve(parser.parse_args())


def _serve(arguments: argparse.Namespace) -> None:
    # Its C library would write lines of its own to standard error, for example about each broken connection.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - signals first: see process_signals.py
    from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - as above

    import_structlog()
    with entry_point("cmd.grpc"):
        from internal.infrastructure.bootstrap.services.service_discovery import (  # noqa: PLC0415 - as above
            announce_services,
            locate_services,
        )
        from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

        settings = locate_services()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        if arguments.reload:
            from internal.infrastructure.bootstrap.dev.reloading import run_reloading  # noqa: PLC0415 - as above

            sys.exit(run_reloading(["cmd.grpc"]))
        announce_services(settings)
        from internal.infrastructure.bootstrap.grpc.serve import serve  # noqa: PLC0415 - as above

        serve(settings)


if __name__ == "__main__":
    main()
