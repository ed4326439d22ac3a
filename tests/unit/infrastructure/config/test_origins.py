import pytest

from internal.infrastructure.config.origins import parse_origins


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", set()),
        (" ", set()),
        ("*", {"*"}),
        ("https://app.example.com", {"https://app.example.com"}),
        ("HTTPS://App.Example.com", {"https://app.example.com"}),
        ("https://a.example, http://localhost:3000", {"https://a.example", "http://localhost:3000"}),
        ("https://a.example:443,http://b.example:80", {"https://a.example", "http://b.example"}),
        ("http://a.example:443", {"http://a.example:443"}),
        ("http://[::1]:3000", {"http://[::1]:3000"}),
        ("https://xn--bcher-kva.example", {"https://xn--bcher-kva.example"}),
    ],
)
def test_reads_origins_as_browsers_write_them(value: str, origins: set[str]) -> None:
    assert parse_origins(value) == origins
