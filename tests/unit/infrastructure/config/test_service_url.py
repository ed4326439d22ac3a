import pytest

from internal.infrastructure.config.service_url import SentinelUrl

SECRET = "hunter2"


def test_reads_a_url_of_sentinels() -> None:
    url = SentinelUrl.parse(
        "redis+sentinel://app:p%40ss@one:26380,two,[::1]:26381/my%20tasks/3"
        "?sentinel_username=observer&sentinel_password=s%3Acret%26&client_name=users"
    )

    assert url.sentinels == (("one", 26380), ("two", 26379), ("::1", 26381))
    assert url.sentinel_login == {"username": "observer", "password": "s:cret&"}
    assert url.master == "my tasks"
    assert url.redis_url == "redis://app:p%40ss@master/3?client_name=users"


def test_needs_no_more_than_a_sentinel_and_the_masters_name() -> None:
    url = SentinelUrl.parse("rediss+sentinel://one/tasks")

    assert (url.sentinels, url.master, url.sentinel_login) == ((("one", 26379),), "tasks", {})
    assert url.redis_url == "rediss://master/0?"


@pytest.mark.parametrize(
    "url",
    [
        f"redis+sentinel://:{SECRET}@one:26379",
        f"redis+sentinel://:{SECRET}@one:26379/",
        f"redis+sentinel://:{SECRET}@/tasks",
        f"redis+sentinel://:{SECRET}@one,/tasks",
        f"redis+sentinel://:{SECRET}@one:port/tasks",
        f"redis+sentinel://:{SECRET}@one:0/tasks",
        f"redis+sentinel://:{SECRET}@a..b/tasks",
        f"redis+sentinel://:{SECRET}@one/tasks/first",
        f"redis+sentinel://:{SECRET}@one/tasks/0/1",
        f"redis+sentinel://:{SECRET}/more@one/tasks",  # an "/" that is not percent-encoded
        f"redis+sentinel://:{SECRET}#@one/tasks",
        f"unix+sentinel://:{SECRET}@one/tasks",
    ],
)
def test_refuses_a_malformed_url_and_does_not_show_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must be|has no valid|names)") as refused:
        SentinelUrl.parse(url)

    assert SECRET not in str(refused.value)


def test_shows_no_password() -> None:
    url = SentinelUrl.parse(f"redis+sentinel://:{SECRET}@one/tasks?sentinel_password={SECRET}")

    assert SECRET not in repr(url)
