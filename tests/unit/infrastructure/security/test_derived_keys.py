from internal.infrastructure.security.derived_keys import DerivedKeys

NEW, OLD = "the secret of today", "the secret before it"


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = DerivedKeys([NEW])

    [mail], [refresh] = keys.of("mail"), keys.of("refresh")

    assert len(mail) == len(refresh) == 32
    assert mail != refresh


def test_the_key_of_a_purpose_never_changes() -> None:
    """A process of another version derives the same key."""
    [key] = DerivedKeys([NEW]).of("mail")

    assert key.hex() == "cfd4fa1b5a178f630e7326b3beafd98da6cec5c0be4d9da52c89cfd34ab4ae9e"


def test_the_keys_of_the_newest_secret_come_first() -> None:
    both = DerivedKeys([NEW, OLD]).of("mail")

    assert both == (*DerivedKeys([NEW]).of("mail"), *DerivedKeys([OLD]).of("mail"))
