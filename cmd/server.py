"""`python -m cmd.server`: the HTTP API."""

from internal.infrastructure.bootstrap.orders import end_when_told


def main() -> None:
    end_when_told()
    from internal.infrastructure.bootstrap.entrypoint import entry_point  # noqa: PLC0415 - signals first: see orders.py
    from internal.infrastructure.bootstrap.server import serve  # noqa: PLC0415 - as above
    from internal.infrastructure.bootstrap.services import announce_services, locate_services  # noqa: PLC0415 - as above
    from internal.infrastructure.log import configure_logging  # noqa: PLC0415 - as above

    with entry_point("cmd.server"):
        settings = locate_services()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        announce_services(settings)
        serve(settings)


if __name__ == "__main__":
    main()
