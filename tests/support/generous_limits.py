"""Tests sign up and log in hundreds of times from one address."""

from typing import Any

from internal.infrastructure.config.rate_limit_settings import RateLimitSettings

GENEROUS_LIMITS: dict[str, Any] = {
    name: "999999999/second" for name in RateLimitSettings.model_fields if name.startswith("rate_limit_")
}
GENEROUS_ENVIRONMENT = {name.upper(): value for name, value in GENEROUS_LIMITS.items()}
