"""Web origins, as browsers send them in the header Origin."""

import re

EVERY_ORIGIN = "*"
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def parse_origins(value: str) -> frozenset[str]:
    """Read `https://app.example.com,https://admin.example.com:8443`. `*` is every origin, empty text none.

    Raises:
        ValueError: a part is not an origin, for example because it has a path.
    """
    if value.strip() in {"", EVERY_ORIGIN}:
        return frozenset(value.split())
    return frozenset(_origin(part.strip().lower()) for part in value.split(","))


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise ValueError(
            "must be origins such as https://app.example.com, separated by commas, without a slash at the end"
        )
    # A browser leaves the default port out.
    return text.removesuffix(f":{_DEFAULT_PORTS[match['scheme']]}") if match["port"] else text
