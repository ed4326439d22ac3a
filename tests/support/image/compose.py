import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


BASE = ROOT / "docker-compose.yml"
DEVELOPMENT = (BASE, ROOT / "docker-compose.override.yml")  # what `docker compose up` reads
PRODUCTION = (BASE,)


def services(files: Sequence[Path] = DEVELOPMENT, **variables: str) -> dict[str, Any]:
    """The compose files' services as Compose itself resolves them, with these variables set and no others."""
    config = subprocess.run(
        [
            Path(sys.executable).with_name("docker-compose"),
            *(f"--file={file}" for file in files),
            f"--env-file={os.devnull}",  # not the .env of the developer
            "config",
            "--format=json",
        ],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    resolved: dict[str, Any] = json.loads(config.stdout)["services"]
    return resolved


def health_command(service: dict[str, Any]) -> list[str]:
    kind, *command = map(str, service["healthcheck"]["test"])
    if kind != "CMD":
        raise ValueError(f"{kind}: only the exec form is replayed")
    return command
