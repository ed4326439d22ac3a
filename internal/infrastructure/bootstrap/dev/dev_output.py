"""What `make run` shows on the terminal."""

import os
import sys
from pathlib import Path

from internal.infrastructure.bootstrap.dev.development_admin import EMAIL, PASSWORD_FILE
from internal.infrastructure.config.mail_directory import mail_directory
from internal.infrastructure.config.paths import VAR_DIRECTORY
from internal.infrastructure.config.settings import Environment, Settings
from internal.infrastructure.telemetry.log import has_colours

SCREEN = """
  {name} is up, after {seconds:.1f} s.

    Start      {url}/
{api}    gRPC       {grpc}
{dashboard}    Mail       {mail}
    Health     {url}/readyz
{admin}
  The servers and the worker restart when the code changes.

  Sign up:

    curl -s {url}/api/v1/auth/register -H 'content-type: application/json' \\
      -d '{{"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"}}'

  Ctrl-C stops everything. The data stays in {var}/.
"""

_COLOURS = {"server": "\x1b[36m", "grpc": "\x1b[34m", "worker": "\x1b[35m", "mail": "\x1b[32m"}
_PLAIN = "\x1b[0m"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the terminal is what this is for


def label(name: str) -> str:
    colour = _COLOURS[name] if has_colours(sys.stdout) else ""
    return f"{colour}{name:<7}{_PLAIN if colour else ''}"


def screen_of(settings: Settings, seconds: float) -> str:
    return SCREEN.format(
        name=settings.app_name,
        seconds=seconds,
        url=url_of(settings),
        api=_api(settings),
        grpc=_grpc(settings),
        dashboard=_dashboard(settings),
        mail=_mail_target(settings),
        admin=_admin(),
        var=VAR_DIRECTORY,
    )


def _api(settings: Settings) -> str:
    """The line for the API page, if there is one."""
    return f"    API        {url_of(settings)}/api/v1/swagger\n" if settings.has_api_document else ""


def _dashboard(settings: Settings) -> str:
    """The line for the dashboard, if there is one."""
    return f"    Dashboard  {url_of(settings)}/dashboard\n" if settings.dashboard else ""


def _admin() -> str:
    """The line for the admin, unless somebody else knows the password or has deleted the file."""
    return f"    Admin      {EMAIL}, password in {PASSWORD_FILE}\n" if PASSWORD_FILE.exists() else ""


def url_of(settings: Settings) -> str:
    """The URL of the server for a client on this machine."""
    return f"http://{_reached_at(settings.http_host)}:{settings.http_port}"


def _grpc(settings: Settings) -> str:
    return f"{_reached_at(settings.grpc_host)}:{settings.grpc_port}"


def _reached_at(host: str) -> str:
    """The host for a client on this machine."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not to bind
    return f"[{near}]" if ":" in near else near


def _mail_target(settings: Settings) -> str:
    """The page of the mails, or else where they go."""
    folder = mail_directory(settings.mail_url)
    if folder and settings.app_env is Environment.DEVELOPMENT:
        return f"{url_of(settings)}/dev/mails"
    return f"{os.path.relpath(folder)}/" if folder else settings.mail_url


def mails_of(settings: Settings) -> frozenset[Path]:
    """The mails in the folder. None if mail goes to a server."""
    folder = mail_directory(settings.mail_url)
    return frozenset(folder.glob("*.eml")) if folder else frozenset()


def announce_mail(settings: Settings, known: frozenset[Path]) -> frozenset[Path]:
    mails = mails_of(settings)
    for mail in sorted(mails - known, key=lambda path: path.stat().st_mtime):
        say(f"{label('mail')}| {os.path.relpath(mail)}")
    return mails
