from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException, SMTPServerDisconnected

from internal.infrastructure.telemetry.network_errors import (
    CLOSED,
    NEEDS_PASSWORD,
    NEEDS_TLS,
    NO_TLS,
    WRONG_LOGIN,
    network_reason,
)

# RFC 4954 section 6 and RFC 3207 section 4: the server requires a login or TLS first.
_NOT_BEFORE_LOGIN = 530
_NOT_WITHOUT_TLS = 538


def reason_of(error: BaseException) -> str | None:
    """Why the mail server cannot be used, without any text of its reply.

    None if the server only refused this email.
    """
    if isinstance(error, SMTPResponseException):
        return _reason_of_reply(error)
    if isinstance(error, SMTPException) and "AUTH extension" in error.message:
        return "the server offers no login on this connection"
    if isinstance(error, SMTPException) and "STARTTLS" in error.message:
        return NO_TLS
    if reason := network_reason(error):
        return reason
    return CLOSED if isinstance(error, SMTPServerDisconnected) else type(error).__name__


def _reason_of_reply(error: SMTPResponseException) -> str | None:
    if error.code == _NOT_WITHOUT_TLS or (error.code == _NOT_BEFORE_LOGIN and "TLS" in error.message.upper()):
        return f"{NEEDS_TLS} (smtp+starttls:// or smtps://)"
    if error.code == _NOT_BEFORE_LOGIN:
        return NEEDS_PASSWORD
    return WRONG_LOGIN if isinstance(error, SMTPAuthenticationError) else None
