"""docs/openapi.json is the document that the server serves."""

from tools.api_document import COPY, report, served


def test_the_copy_is_up_to_date() -> None:
    changes = report(COPY.read_text(), served())

    assert not changes, changes
