from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """What the pages know of this installation. Only development has pages for developers.

    `url` is where people find it. `has_accounts`: people sign up here and change their accounts. The others
    say which pages there are besides: of the API, of the dashboard, and of the emails of development.
    `is_read_only`: the dashboard shows, and does nothing.
    """

    name: str
    url: str
    shortest_password: int
    is_development: bool
    has_accounts: bool
    has_api: bool
    has_dashboard: bool
    is_read_only: bool
    has_mails: bool

    @property
    def home(self) -> str:
        """The page that a log-in leads to."""
        return "/account" if self.has_accounts else "/dashboard"
