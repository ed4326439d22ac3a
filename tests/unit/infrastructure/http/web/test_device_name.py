import pytest

from internal.infrastructure.http.web.account.device_name import device_name

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0", "Firefox on Android"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/126.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/126.0 Safari/537.36 OPR/112.0", "Opera on Windows"),
        (f"Mozilla/5.0 (X11; CrOS x86_64) {_WEBKIT} Chrome/126.0 Safari/537.36", "Chrome on ChromeOS"),
        (
            f"Mozilla/5.0 (Linux; Android 14) {_WEBKIT} SamsungBrowser/25.0 Chrome/121.0 Safari/537.36",
            "Samsung Internet on Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/17.5 Safari/605",
            "Safari on Mac",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 CriOS/126.0 Safari/604",
            "Chrome on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("MyApp/1.0 (Android) Chrome/1.0", "MyApp/1.0 (Android) Chrome/1.0"),
        ("Mozilla/5.0 (compatible; robot)", "Mozilla/5.0 (compatible; robot)"),
        ("x" * 60, "x" * 60),
        ("x" * 256, "x" * 59 + "…"),
        ("", "Unknown device"),
        (None, "Unknown device"),
    ],
)
def test_names_browsers_and_repeats_what_other_programs_say(user_agent: str | None, name: str) -> None:
    assert device_name(user_agent) == name
