"""A readable name for a device. It only repeats what the client says about itself, which may be wrong."""

from collections.abc import Mapping

_LONGEST = 60  # characters

# The first that fits counts: other browsers than Chrome and Safari also name those two.
_BROWSERS: Mapping[str, str] = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Mapping[str, str] = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


def device_name(user_agent: str | None) -> str:
    """Such as "Firefox on Linux"; for other programs, the start of their own text."""
    if not user_agent:
        return "Unknown device"
    browser, system = _first_in(user_agent, _BROWSERS), _first_in(user_agent, _SYSTEMS)
    if user_agent.startswith("Mozilla/5.0 (") and browser and system:
        return f"{browser} on {system}"
    return user_agent if len(user_agent) <= _LONGEST else f"{user_agent[: _LONGEST - 1]}…"


def _first_in(user_agent: str, names: Mapping[str, str]) -> str | None:
    return next((name for mark, name in names.items() if mark in user_agent), None)
