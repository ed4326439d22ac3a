from internal.infrastructure.http.web.form import Form


class EmailForm(Form, frozen=True, kw_only=True):
    """Asks for an email to this address. The answer is the same for every address."""

    email: str = ""
