"""`python -m cmd.dashboard`: the dashboard alone, on a port of its own."""

import argparse

from internal.infrastructure.bootstrap.process.process_signals import end_when_told


def main() -> None:
    end_when_told()
    argparse.ArgumentParser(prog="python -m cmd.dashboard", description=__doc__).parse_args()
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - signals first: see process_signals.py
    from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - as above

    import_structlog()
    with entry_point("cmd.dashboard"):
        from internal.infrastructure.bootstrap.server.server_plan import read_dashboard_plan  # noqa: PLC0415 - as above

        # Before anything larger is imported: the child that reads the settings is a fork.
        plan = read_dashboard_plan()
        from internal.infrastructure.bootstrap.server.serve import build_dashboard, serve  # noqa: PLC0415 - as above
        from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

        configure_logging(level=plan.log_level, log_format=plan.log_format)
        serve(plan, build_dashboard)


if __name__ == "__main__":
    main()
