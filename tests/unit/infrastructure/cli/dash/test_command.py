import logging
from io import StringIO
from pathlib import Path

import pytest

from internal.infrastructure.cli.dash.held_log import held_log
from tests.support.operator_terminal import FakeInstallation, Operator


def test_without_textual_it_says_in_one_sentence_how_to_install_it(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal.infrastructure.cli.dash.command.find_spec", lambda _: None)

    done = operator.does("dash")

    assert done.exit_code == 1
    assert done.stderr == (
        "cmd.admin: dash needs Textual: pip install --require-hashes -r requirements/operator.txt\n"
    )


@pytest.mark.parametrize("has_input", [True, False])
def test_without_a_terminal_it_says_what_to_use(*, has_input: bool) -> None:
    done = Operator(FakeInstallation(is_interactive=has_input)).does("dash")

    assert (done.exit_code, done.stderr) == (
        2,
        "cmd.admin: dash needs a terminal. Use stats --watch elsewhere.\n",
    )


def test_a_wrong_interval_is_a_usage_error(operator: Operator) -> None:
    done = operator.does("dash", "--every", "soon")

    assert done.exit_code == 2
    assert "'soon' is not a duration" in done.stderr


def test_the_log_is_written_once_the_dashboard_has_ended(tmp_path: Path) -> None:
    stream = StringIO()
    handlers: list[logging.Handler] = [
        logging.StreamHandler(stream),
        logging.FileHandler(tmp_path / "log", delay=True),
    ]
    try:
        for handler in handlers:
            logging.getLogger().addHandler(handler)
        with held_log():
            logging.getLogger("test").warning("audit.not_stored")
            before = stream.getvalue()
    finally:
        for handler in handlers:
            logging.getLogger().removeHandler(handler)
            handler.close()

    assert before == ""
    assert stream.getvalue() == "audit.not_stored\n"
