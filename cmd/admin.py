"""`python -m cmd.admin`: what an operator does. `--help` lists the commands."""

from internal.infrastructure.bootstrap.admin import run_admin
from internal.infrastructure.bootstrap.entrypoint import entry_point


def main() -> None:
    with entry_point("cmd.admin"):
        run_admin()


if __name__ == "__main__":
    main()
