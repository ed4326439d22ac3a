from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """What the pages know of this installation. Only development has pages for developers.

    `url` is where people find it. The others say which pages there are besides: of the API, of the dashboard,
    and of the emails that development has sent.
    """

    name: str
    url: str
    shortest_password: int
    is_development: bool
    has_api: bool
    has_dashboard: bool
    has_mails: bool
