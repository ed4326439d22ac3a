import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from internal.infrastructure.database.outbox.json_columns import (
    followers_from_json,
    options_from_json,
    options_to_json,
)
from internal.infrastructure.tasks.encoded_task import Followers, InvalidPayload
from internal.ports.tasks import Rate, TaskOptions

# Well inside what datetime can hold, whatever the offset.
moments = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
spans = st.timedeltas(timedelta(milliseconds=1), timedelta(days=400))
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
options = st.builds(
    TaskOptions,
    queue=st.sampled_from(["critical", "default", "low"]),
    max_retries=st.integers(0, 100),
    timeout=spans,
    deadline=st.none() | moments,
    process_at=st.none() | moments,
    unique_for=st.none() | spans,
    retention=spans,
    headers=st.dictionaries(texts, texts),
    rate=st.none() | st.builds(Rate, st.integers(1, 100), spans),
)


@example(TaskOptions(process_at=datetime(2030, 1, 1, tzinfo=timezone(timedelta(seconds=30)))))
@example(TaskOptions(headers=MappingProxyType({"a": "b"})))
@given(options)
def test_options_survive_json(options: TaskOptions) -> None:
    stored = json.dumps(options_to_json(options))

    assert options_from_json(json.loads(stored)) == options


@pytest.mark.parametrize("encoded", [{"max_retries": "many"}, {"max_retries": -1}, [], None])
def test_malformed_options_are_refused(encoded: Any) -> None:
    with pytest.raises(InvalidPayload, match="options"):
        options_from_json(encoded)


def test_an_older_sweeper_forwards_a_row_with_options_and_followers_that_it_does_not_know() -> None:
    options = options_to_json(TaskOptions(max_retries=3)) | {"of_the_future": {"any": "thing"}}
    followers = {"size": 2, "on_timeout": []}

    assert options_from_json(options) == TaskOptions(max_retries=3)
    assert followers_from_json(followers) == Followers(size=2)
