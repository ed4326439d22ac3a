"""The options of a message that the engine itself writes and reads; Dramatiq and the tasks have their own."""

from collections.abc import Sequence

# For a task that came from the outbox: FIRST, or AGAIN if it was relayed before and may be done already.
OUTBOX = "outbox"
FIRST = "first"
AGAIN = "again"

# How often a worker did not understand the message.
UNKNOWN = "unknown"

# What a worker has to know to run the task; 1 where the option is missing.
FORMAT = "format"
KNOWN_FORMATS: Sequence[int] = (1,)  # a newer version adds its own and keeps the older ones
