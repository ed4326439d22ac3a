"""Why a service cannot be used, in a few words without secrets.

Name look-ups, sockets and TLS fail the same way for every service. Each adapter adds the errors of its
protocol.
"""

import errno
import socket
import ssl
from collections.abc import Iterator, Sequence

NO_ANSWER = "no answer in time"
WRONG_LOGIN = "wrong user or password"
NEEDS_PASSWORD = "a password is required"  # noqa: S105 - a sentence
NEEDS_TLS = "TLS is required"
CLOSED = "the connection was closed"
NO_TLS = "the server does not offer TLS"

_BY_NUMBER = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: CLOSED,
    errno.EPIPE: CLOSED,
    errno.ENETUNREACH: "no route to the host",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENOENT: "no such socket or file",
    errno.EACCES: "no permission for the socket or file",
    errno.ETIMEDOUT: NO_ANSWER,
    errno.EMFILE: "this process has too many open files",
}
# asyncio joins the errors of several addresses into one text without an error number.
_BY_TEXT = [(f"[Errno {number}]", reason) for number, reason in _BY_NUMBER.items()]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, then its causes. A circular chain ends."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def by_text(text: str, rules: Sequence[tuple[str, str]]) -> str | None:
    """The reason of the first rule whose words are in `text`, ignoring case."""
    folded = text.casefold()
    return next((reason for words, reason in rules if words.casefold() in folded), None)


def network_reason(error: BaseException) -> str | None:
    """Why a name look-up, a socket or TLS failed. None for any other error."""
    return next((reason for cause in chain(error) if (reason := _reason(cause))), None)


def _reason(error: BaseException) -> str | None:
    if isinstance(error, ssl.SSLError):
        return _tls_reason(error)
    if isinstance(error, socket.gaierror | UnicodeError):
        return "unknown host"
    if isinstance(error, TimeoutError):
        return NO_ANSWER
    if isinstance(error, EOFError):  # for example an incomplete reply
        return CLOSED
    if isinstance(error, OSError):
        return _BY_NUMBER.get(error.errno or 0) or by_text(str(error), _BY_TEXT)
    return None


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return bad_certificate(error.verify_message)
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return NO_TLS
    return f"the TLS handshake failed ({(error.reason or 'no reason given').lower().replace('_', ' ')})"


def bad_certificate(why: str) -> str:
    return f"bad certificate ({why})" if why else "bad certificate"
