import pytest

from internal.application.new_password import CommonPassword
from internal.domain.errors import InvalidInput, NotFound, Violations


def test_violations_are_raised_all_at_once() -> None:
    violations = Violations()
    for errors in ({"email": ["wrong"]}, {"name": ["too short"]}, {"email": ["too long"]}):
        with violations.collect():
            raise InvalidInput(errors)

    with pytest.raises(InvalidInput) as raised:
        violations.raise_if_any()

    assert raised.value.errors == {"email": ["wrong", "too long"], "name": ["too short"]}


def test_known_violations_are_raised_alone() -> None:
    violations = Violations({"name": ["is required"]})
    for errors in ({"email": ["wrong"]}, {"name": ["too short"]}):
        with violations.collect():
            raise InvalidInput(errors)

    with pytest.raises(InvalidInput) as raised:
        violations.raise_if_any()

    assert raised.value.errors == {"email": ["wrong"], "name": ["is required"]}


def collect(violations: Violations, *errors: InvalidInput) -> InvalidInput:
    for error in errors:
        with violations.collect():
            raise error
    with pytest.raises(InvalidInput) as raised:
        violations.raise_if_any()
    return raised.value


def test_the_only_violation_keeps_its_code() -> None:
    common = CommonPassword()

    assert collect(Violations(), common) is common


def test_several_violations_have_the_common_code() -> None:
    for raised in (
        collect(Violations(), CommonPassword(), InvalidInput({"name": ["is too long"]})),
        collect(Violations({"name": ["is required"]}), CommonPassword()),
    ):
        assert raised.code == "VALIDATION_ERROR"
        assert raised.errors.keys() == {"name", "password"}


def test_without_violations_nothing_is_raised() -> None:
    violations = Violations()
    with violations.collect():
        pass

    violations.raise_if_any()


def test_only_invalid_input_is_collected() -> None:
    violations = Violations()

    with pytest.raises(NotFound), violations.collect():
        raise NotFound("no such thing")
