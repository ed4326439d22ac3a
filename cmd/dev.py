"""`python -m cmd.dev` (`make run`): the whole system in one terminal, with embedded services."""

from internal.infrastructure.bootstrap.process.process_signals import end_when_told


def main() -> None:
    end_when_told()
    from internal.infrastructure.bootstrap.dev.run_everything import run_everything  # noqa: PLC0415 - signals first: see process_signals.py
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - as above
    from internal.infrastructure.config.settings import load_settings  # noqa: PLC0415 - as above

    with entry_point("make run"):
        run_everything(load_settings())


if __name__ == "__main__":
    main()
