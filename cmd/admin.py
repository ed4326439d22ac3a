"""`python -m cmd.admin`: the operator's command line. `--help` lists the commands."""

from internal.infrastructure.bootstrap.process.process_signals import end_when_told


def main() -> None:
    end_when_told(code=130)  # Typer's exit code for an interrupt
    from internal.infrastructure.bootstrap.admin.run_admin import run_admin  # noqa: PLC0415 - signals first: see process_signals.py
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - as above
    from internal.infrastructure.bootstrap.process.exiting import exit_at_once  # noqa: PLC0415 - as above

    # The interpreter would end the process by SIGINT if an interrupt met an exec(), as of a dataclass.
    with exit_at_once(), entry_point("cmd.admin"):
        run_admin()


if __name__ == "__main__":
    main()
