from dataclasses import FrozenInstanceError

import pytest

from internal.domain.user import User


def test_a_new_user_was_created_and_updated_at_the_same_moment(ada: User) -> None:
    assert ada.created_at == ada.updated_at


def test_a_user_cannot_be_changed_in_place(ada: User) -> None:
    with pytest.raises(FrozenInstanceError):
        ada.password_hash = "another"  # type: ignore[misc]  # that it is refused is what is tested


def test_a_user_does_not_show_the_password_hash(ada: User) -> None:
    assert ada.password_hash not in repr(ada)
