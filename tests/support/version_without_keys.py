"""A worker of the version before payload keys: it knows only the first format of messages."""

import cmd.worker
from internal.infrastructure.taskqueue.protocol import message_options


def main() -> None:
    message_options.KNOWN_FORMATS = (1,)
    cmd.worker.main()


if __name__ == "__main__":
    main()
