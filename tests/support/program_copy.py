"""A copy of the program, which follows the examples of docs/background-jobs.md."""

import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

from internal.infrastructure.embedded.process import spawn
from tests.support.documented_examples import BACKGROUND_JOBS, ROOT, blocks

BLOCKS = blocks(BACKGROUND_JOBS)
CONTAINER = "internal/infrastructure/bootstrap/container.py"
AREAS = "internal/infrastructure/bootstrap/containers"
TASKS = f"{AREAS}/tasks.py"
APP = "internal/infrastructure/http/app.py"
ROUTES = "internal/infrastructure/worker/routes.py"
SCHEDULE = "internal/infrastructure/worker/schedule.py"
TEMPLATES = "internal/infrastructure/email/templates"


class Copy:
    """The program with the task and the actors of the examples. It starts processes and runs scripts."""

    def __init__(self, root: Path, env: dict[str, str]) -> None:
        self._root = root
        self._env = env
        for name in ("cmd", "internal", "tests", "pyproject.toml"):
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, root / name)
        self._write("internal/application/tasks/build_report.py", BLOCKS["new_task"])
        self._add_provider(
            BLOCKS["new_provider"], "internal.application.tasks.build_report:BuildReportHandler"
        )
        self._add_route(BLOCKS["new_route"], "internal.application.tasks.build_report:BuildReport")
        (root / "my_package").mkdir()
        self._write("my_package/my_actors.py", BLOCKS["actors_module"])

    def add_mail(self) -> None:
        self._write("internal/application/tasks/send_reminder.py", BLOCKS["mail_task"])
        self._add_provider(
            BLOCKS["mail_provider"], "internal.application.tasks.send_reminder:SendReminderHandler"
        )
        self._add_route(BLOCKS["mail_route"], "internal.application.tasks.send_reminder:SendReminder")
        self._write(f"{TEMPLATES}/reminder.subject.txt", BLOCKS["mail_subject"])
        self._write(f"{TEMPLATES}/reminder.txt", BLOCKS["mail_text"])
        self._write(f"{TEMPLATES}/reminder.html", BLOCKS["mail_html"])

    def add_endpoint(self) -> None:
        use_case, controller = "internal/application/reports", "internal/infrastructure/http/reports"
        for folder in (use_case, controller):
            (self._root / folder).mkdir()
            self._write(f"{folder}/__init__.py", "")
        self._write(f"{use_case}/request_report.py", BLOCKS["endpoint_use_case"])
        self._write(f"{controller}/controller.py", BLOCKS["endpoint_controller"])
        self._write(f"{AREAS}/reports.py", BLOCKS["endpoint_provider"])
        area = indent(BLOCKS["endpoint_area"], "    ")
        self._replace(CONTAINER, "    tasks = providers", f"{area}    tasks = providers")
        self._replace(CONTAINER, "use_cases = providers.List(", "use_cases = providers.List(reports, ")
        self._import(CONTAINER, "internal.infrastructure.bootstrap.containers.reports:ReportsContainer")
        self._replace(APP, "    AuthController,", "    AuthController,\n    ReportsController,")
        self._import(APP, "internal.infrastructure.http.reports.controller:ReportsController")

    def schedule(self, *, spec: str) -> None:
        """Add the periodic task with this `spec`."""
        before, _, _ = (self._root / SCHEDULE).read_text().rpartition(")")
        entry = BLOCKS["new_schedule"].replace("30 6 * * mon-fri", spec)
        self._write(SCHEDULE, f"{before}{indented(entry, by=4).rstrip()},\n)\n")
        self._import(SCHEDULE, "internal.application.tasks.build_report:BuildReport")

    def start(self, command: str, **env: str) -> "subprocess.Popen[bytes]":
        python, *arguments = command.split()
        assert python == "python"
        env = {**self._env, **env}
        return spawn([sys.executable, *arguments], env=env, cwd=self._root, log=self._root / "log")

    def run(self, source: str) -> str:
        completed = subprocess.run(
            [sys.executable, "-c", source],
            env=self._env,
            cwd=self._root,
            capture_output=True,
            text=True,
            check=True,
            timeout=90,
        )
        return completed.stdout.strip()

    def test(self, *paths: str) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]
        subprocess.run(command, env=self._env, cwd=self._root, check=True, timeout=100)

    @property
    def log(self) -> str:
        return (self._root / "log").read_text()

    def _add_provider(self, block: str, imported: str) -> None:
        self._write(TASKS, (self._root / TASKS).read_text() + indented(block, by=4))
        self._import(TASKS, imported)

    def _add_route(self, block: str, imported: str) -> None:
        before, _, _ = (self._root / ROUTES).read_text().rpartition("}")
        self._write(ROUTES, f"{before}{indented(block, by=4)}}}\n")
        self._import(ROUTES, imported)

    def _import(self, path: str, imported: str) -> None:
        module, _, name = imported.partition(":")
        self._write(path, f"from {module} import {name}\n{(self._root / path).read_text()}")

    def _replace(self, path: str, old: str, new: str) -> None:
        text = (self._root / path).read_text()
        assert old in text, (path, old)
        self._write(path, text.replace(old, new, 1))

    def _write(self, path: str, text: str) -> None:
        (self._root / path).write_text(text)


def indented(block: str, *, by: int) -> str:
    return " " * by + block.lstrip()
