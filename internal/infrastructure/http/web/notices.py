"""What a page says after a form has led to it. The address has only a name, so nobody can choose the text."""

from collections.abc import Mapping

_TEXTS: Mapping[str, str] = {
    "log-in-first": "Log in to go on.",
    "logged-out": "You are logged out.",
    "password-reset": "Your new password is set. Log in with it.",
    "welcome": "Welcome! We have sent you an email to verify your address.",
}


def notice_of(name: str | None) -> str | None:
    return _TEXTS.get(name) if name else None
