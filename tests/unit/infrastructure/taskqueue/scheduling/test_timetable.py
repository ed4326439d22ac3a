from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from internal.infrastructure.taskqueue.scheduling.timetable import parse_timetable

BERLIN = "Europe/Berlin"
NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)  # a Tuesday


def slots(spec: str, start: str, number: int, *, zone: str = "UTC") -> list[str]:
    """The next slots, on the zone's clock, after a moment on that clock."""
    timetable = parse_timetable(spec, zone)
    moment = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = []
    for _ in range(number):
        slot = timetable.after(moment)
        assert slot is not None
        assert slot.tzinfo is UTC
        moment = slot
        found.append(moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
    return found


@pytest.mark.parametrize(
    ("spec", "first", "second"),
    [
        ("*/15 * * * *", "2030-01-01T00:15+00:00", "2030-01-01T00:30+00:00"),
        ("30 9 * * *", "2030-01-01T09:30+00:00", "2030-01-02T09:30+00:00"),
        ("0 9-17/4 * * mon-fri", "2030-01-01T09:00+00:00", "2030-01-01T13:00+00:00"),
        ("0 0 * * 0", "2030-01-06T00:00+00:00", "2030-01-13T00:00+00:00"),
        ("0 0 * * 7", "2030-01-06T00:00+00:00", "2030-01-13T00:00+00:00"),
        ("0 0 15 * mon", "2030-01-07T00:00+00:00", "2030-01-14T00:00+00:00"),
        ("0 0 31 feb,mar *", "2030-03-31T00:00+00:00", "2031-03-31T00:00+00:00"),
        ("0 0 29 2 *", "2032-02-29T00:00+00:00", "2036-02-29T00:00+00:00"),
        ("@hourly", "2030-01-01T01:00+00:00", "2030-01-01T02:00+00:00"),
        ("@daily", "2030-01-02T00:00+00:00", "2030-01-03T00:00+00:00"),
        ("@midnight", "2030-01-02T00:00+00:00", "2030-01-03T00:00+00:00"),
        ("@weekly", "2030-01-06T00:00+00:00", "2030-01-13T00:00+00:00"),
        ("@monthly", "2030-02-01T00:00+00:00", "2030-03-01T00:00+00:00"),
        ("@yearly", "2031-01-01T00:00+00:00", "2032-01-01T00:00+00:00"),
        ("@annually", "2031-01-01T00:00+00:00", "2032-01-01T00:00+00:00"),
        ("@every 90m", "2030-01-01T01:30+00:00", "2030-01-01T03:00+00:00"),
        ("@every 1h30m", "2030-01-01T01:30+00:00", "2030-01-01T03:00+00:00"),
    ],
)
def test_tells_the_slots_of_each_kind_of_specification(spec: str, first: str, second: str) -> None:
    assert slots(spec, "2030-01-01T00:00", 2) == [first, second]


def test_a_slot_is_later_than_the_moment_even_if_that_is_one() -> None:
    daily = parse_timetable("0 9 * * *", "UTC")
    nine = NEW_YEAR + timedelta(hours=9)

    assert daily.after(nine - timedelta(milliseconds=1)) == nine
    assert daily.after(nine) == nine + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("90s", timedelta(seconds=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("1h2m3s4ms", timedelta(hours=1, minutes=2, seconds=3, milliseconds=4)),
    ],
)
def test_an_interval_counts_from_1970_at_any_time(text: str, interval: timedelta) -> None:
    every = parse_timetable(f"@every {text}", BERLIN)

    first = every.after(NEW_YEAR)
    assert first is not None
    assert (first - datetime(1970, 1, 1, tzinfo=UTC)) % interval == timedelta(0)
    assert timedelta(0) < first - NEW_YEAR <= interval
    assert every.after(first) == first + interval


def test_a_slot_is_on_the_clock_of_its_time_zone() -> None:
    assert slots("0 9 * * *", "2030-07-01T00:00", 1, zone=BERLIN) == ["2030-07-01T09:00+02:00"]
    assert slots("0 9 * * *", "2030-01-01T00:00", 1, zone=BERLIN) == ["2030-01-01T09:00+01:00"]
    assert slots("0 9 * * *", "2030-01-01T00:00", 1, zone="Asia/Kolkata") == ["2030-01-01T09:00+05:30"]


# Berlin, 2026-03-29: 02:00 is 03:00. 2026-10-25: 03:00 is 02:00 again.
@pytest.mark.parametrize(
    ("spec", "start", "expected"),
    [
        pytest.param(
            "30 2 * * *",
            "2026-03-28T12:00",
            ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
            id="a fixed time in the skipped hour comes right after the gap",
        ),
        pytest.param(
            "15,45 2,3 * * *",
            "2026-03-29T00:00",
            ["2026-03-29T03:00+02:00", "2026-03-29T03:15+02:00", "2026-03-29T03:45+02:00"],
            id="several of them come once",
        ),
        pytest.param(
            "0 * * * *",
            "2026-03-29T01:00",
            ["2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"],
            id="every hour follows the clock over the gap",
        ),
        pytest.param(
            "*/30 2 * * *",
            "2026-03-28T12:00",
            ["2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"],
            id="what follows the clock does not come in an hour that does not",
        ),
        pytest.param(
            "30 2 * * *",
            "2026-10-24T12:00",
            ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
            id="a fixed time in the doubled hour comes once, the first time",
        ),
        pytest.param(
            "*/30 2 * * *",
            "2026-10-24T12:00",
            [
                "2026-10-25T02:00+02:00",
                "2026-10-25T02:30+02:00",
                "2026-10-25T02:00+01:00",
                "2026-10-25T02:30+01:00",
                "2026-10-26T02:00+01:00",
            ],
            id="what follows the clock comes in both passes",
        ),
        pytest.param(
            "0 * * * *",
            "2026-10-25T01:00",
            ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"],
            id="every hour is every hour",
        ),
    ],
)
def test_where_the_clock_is_changed(spec: str, start: str, expected: Sequence[str]) -> None:
    assert slots(spec, start, len(expected), zone=BERLIN) == expected


def test_a_process_that_starts_in_the_second_pass_sees_nothing_of_the_first() -> None:
    daily = parse_timetable("30 2 * * *", BERLIN)
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10, for the second time

    assert daily.after(second_pass) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    spec=st.sampled_from(
        [
            "30 2 * * *",
            "15,45 0-3 * * *",
            "0 * * * *",
            "*/20 1-3 * * *",
            "0 */2 * * *",
            "30 0 * * sun",
            "@daily",
        ]
    ),
    zone=st.sampled_from(
        [BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "Asia/Beirut"]
    ),
    moment=st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - what hypothesis takes
    part=st.floats(0, 1, exclude_max=True),
)
@example("30 2 * * *", BERLIN, datetime(2026, 10, 25, 0, 31, tzinfo=UTC), 0.03)
@example("0 * * * *", "Australia/Lord_Howe", datetime(2019, 10, 5, 15, 13, tzinfo=UTC), 0.5)
def test_every_earlier_moment_finds_the_same_slot(
    spec: str, zone: str, moment: datetime, part: float
) -> None:
    timetable = parse_timetable(spec, zone)
    slot = timetable.after(moment)
    assert slot is not None
    assert slot > moment
    later = moment + (slot - moment) * part
    assume(later < slot)

    assert timetable.after(later) == slot


@pytest.mark.parametrize(
    ("spec", "zone", "says"),
    [
        ("* * * *", "UTC", "five fields"),
        ("0 * * * * *", "UTC", "five fields"),
        ("", "UTC", "five fields"),
        ("60 * * * *", "UTC", "bad minute"),
        ("0 24 * * *", "UTC", "bad hour"),
        ("0 0 * * mon-sun", "UTC", "bad day-of-week"),
        ("*/0 * * * *", "UTC", "bad minute"),
        ("0 0 30 2 *", "UTC", "bad day-of-month"),
        ("* * */20 * 1L", "UTC", "is never due"),
        ("@reboot", "UTC", "@hourly"),
        ("@every", "UTC", "@every"),
        ("@every ", "UTC", "interval"),
        ("@every 1d", "UTC", "interval"),
        ("@every 99ms", "UTC", "at least 100ms"),
        ("@every -5s", "UTC", "interval"),
        ("CRON_TZ=UTC 0 0 * * *", "UTC", "five fields"),
        ("@daily", "Europe/Nowhere", "time zone 'Europe/Nowhere'"),
        ("@daily", "Europe", "time zone"),
        ("@daily", "", "time zone"),
        ("@every 1h", "../etc/passwd", "time zone"),
    ],
)
def test_a_malformed_specification_is_refused_with_the_reason(spec: str, zone: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_timetable(spec, zone)


@given(st.text(alphabet="0123456789*/,-#L@W monTUE²", max_size=24))
def test_whatever_is_written_is_understood_or_refused(spec: str) -> None:
    try:
        timetable = parse_timetable(spec, "UTC")
    except ValueError:
        return
    slot = timetable.after(NEW_YEAR)
    assert slot is None or slot > NEW_YEAR
