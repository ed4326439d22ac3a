"""`python -m cmd.dev`, which is `make run`: the whole system in one terminal, on embedded services."""

from internal.infrastructure.bootstrap.dev import run_everything
from internal.infrastructure.bootstrap.entrypoint import entry_point
from internal.infrastructure.settings import load_settings


def main() -> None:
    with entry_point("make run"):
        run_everything(load_settings())


if __name__ == "__main__":
    main()
