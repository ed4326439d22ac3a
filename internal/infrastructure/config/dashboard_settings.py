"""The settings of the dashboard. Most are those of `cmd.dashboard`, which serves it alone."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings

from internal.infrastructure.config.setting_values import Port, WebAddress, read_by

# Segments that neither a browser nor a proxy changes: no dots alone, no percent signs.
_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?")


def _plain_path(value: str) -> None:
    if not _PATH.fullmatch(urlsplit(value).path):
        raise ValueError("must have a path of letters, digits and any of -._~ only")


DashboardUrl = Annotated[WebAddress, read_by(_plain_path)]
SessionSeconds = Annotated[int, Field(ge=60, le=30 * 86_400)]


class DashboardSettings(BaseSettings):
    dashboard: bool = True
    dashboard_read_only: bool = False
    dashboard_host: str = "127.0.0.1"
    dashboard_port: Port = 8081
    dashboard_url: DashboardUrl = "http://localhost:8081"
    dashboard_session_idle: SessionSeconds = 3600
    dashboard_session_lifetime: SessionSeconds = 43_200

    @property
    def dashboard_base_path(self) -> str:
        """For example `/ops`; empty without one."""
        return urlsplit(self.dashboard_url).path.rstrip("/")

    @property
    def dashboard_idle_for(self) -> timedelta:
        return timedelta(seconds=self.dashboard_session_idle)

    @property
    def dashboard_lasts_for(self) -> timedelta:
        return timedelta(seconds=self.dashboard_session_lifetime)
