"""The message options that the engine writes and reads, beside those of Dramatiq and of the tasks."""

from collections.abc import Sequence

# For a task from the outbox: FIRST, or AGAIN if it was relayed before and may be done already.
OUTBOX = "outbox"
FIRST = "first"
AGAIN = "again"

# How often a worker did not know the task or its format.
UNKNOWN = "unknown"

# The format that a worker must know to run the task; 1 if the option is missing.
FORMAT = "format"
ENCRYPTED_FORMAT = 2  # its payload is encrypted
# A newer version adds its format and keeps the older ones.
KNOWN_FORMATS: Sequence[int] = (1, ENCRYPTED_FORMAT)
