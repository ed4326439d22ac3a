from urllib.parse import urlencode


class AccountLinks:
    """The addresses of the pages that emails lead to.

    The token is in the query, so the pages need no JavaScript. Opening a link must change nothing: mail
    scanners open every link.
    """

    def __init__(self, *, app_base_url: str) -> None:
        self._base = app_base_url.rstrip("/")

    def verify_email(self, token: str) -> str:
        return self._page("verify-email", token=token)

    def reset_password(self, token: str) -> str:
        return self._page("reset-password", token=token)

    def confirm_email(self, token: str) -> str:
        return self._page("confirm-email", token=token)

    def forgot_password(self) -> str:
        return self._page("forgot-password")

    def _page(self, name: str, **query: str) -> str:
        return f"{self._base}/{name}" + (f"?{urlencode(query)}" if query else "")
