"""The jobs of the continuous integration, read from their file."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.shared_processes import SHARING

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
_TARGET = re.compile(r"\bmake ([a-z0-9-]+)")


def targets(job: dict[str, Any]) -> list[str]:
    return [target for step in job["steps"] for target in _TARGET.findall(step.get("run", ""))]


def commands(target: str) -> str:
    """Return the commands that make would run."""
    shown = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return shown.stdout


def test_the_work_is_split_into_jobs() -> None:
    assert set(JOBS) == {"lint", "unit", "integration", "e2e", "browser", "clients", "image"}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_is_cached_and_uploads_its_logs_when_it_fails(job: dict[str, Any]) -> None:
    uses = {step["uses"].partition("@")[0]: step for step in job["steps"] if "uses" in step}

    assert "./.github/actions/prepare" in uses
    assert uses["actions/upload-artifact"]["if"] == "failure()"


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_runs_make_targets(job: dict[str, Any]) -> None:
    assert targets(job)
    assert all(commands(target) for target in targets(job))


def test_every_folder_of_tests_is_run_by_a_job() -> None:
    run = "".join(commands(target) for job in JOBS.values() for target in targets(job))
    folders = {path.parent.relative_to(ROOT).parts[1] for path in (ROOT / "tests").rglob("test_*.py")}

    assert [folder for folder in sorted(folders) if f"tests/{folder}" not in run] == []


@pytest.mark.parametrize("folder", SHARING)
def test_a_folder_that_shares_its_processes_exists(folder: str) -> None:
    assert list((ROOT / folder).glob("test_*.py"))
