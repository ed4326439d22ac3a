"""The whole life of an account in a browser, with and without JavaScript."""

import json

import pytest
from playwright.sync_api import expect

from tests.support.browser.pages import Look, Visit, Visitor
from tests.support.browser.people import Person, log_in, press
from tests.support.browser.site import Site
from tests.support.system import PASSWORD

NEW_PASSWORD = "another horse entirely"


@pytest.fixture
def person(visitor: Visitor, site: Site, has_javascript: bool) -> Person:  # noqa: FBT001 - a fixture
    page = visitor(Look(has_javascript=has_javascript)).page
    return Person(page, site, email="with@example.com" if has_javascript else "without@example.com")


def test_an_account_lives_from_the_sign_up_to_its_deletion(person: Person, visitor: Visitor) -> None:
    signs_up(person)
    verifies_the_address(person)
    logs_out_and_in(person)
    changes_the_name(person)
    changes_the_address(person)
    ends_the_session_of(visitor(Look()), person)
    resets_the_password(person)
    exports_the_data(person)
    deletes_the_account(person)


def signs_up(person: Person) -> None:
    person.page.goto("/")
    person.page.get_by_role("navigation").get_by_role("link", name="Sign up").click()
    expect(person.page).to_have_url(f"{person.site.url}/sign-up")

    person.sign_up()

    expect(person.page.get_by_text("Not confirmed")).to_be_visible()


def verifies_the_address(person: Person) -> None:
    link = person.site.link("welcome", to=person.email)

    # Scanners open every link.
    person.page.goto(link)
    person.page.goto("/account")
    expect(person.page.get_by_text("Not confirmed")).to_be_visible()
    person.page.goto(link)
    press(person.page, "Confirm my address")

    expect(person.page.get_by_role("heading", name="Your email address is confirmed")).to_be_visible()
    person.page.goto("/account")
    expect(person.page.get_by_text("Confirmed", exact=True)).to_be_visible()
    person.page.goto(link)
    press(person.page, "Confirm my address")
    expect(person.page.get_by_role("heading", name="This link no longer works")).to_be_visible()


def logs_out_and_in(person: Person) -> None:
    person.log_out()
    person.page.goto("/account")
    expect(person.page).to_have_url(f"{person.site.url}/log-in?notice=log-in-first&next=%2Faccount")

    log_in(person.page, person.email, password="a wrong one")
    expect(person.page.get_by_role("alert")).to_have_text("The email address or the password is wrong.")
    expect(person.page.get_by_label("Email address")).to_have_value(person.email)
    person.log_in()


def changes_the_name(person: Person) -> None:
    person.page.get_by_role("link", name="Change your name").click()
    person.page.get_by_label("Name").fill("Countess of Lovelace")
    press(person.page, "Change name")

    expect(person.page.get_by_role("status")).to_have_text("Your name is changed.")
    expect(person.page.get_by_text("Countess of Lovelace")).to_be_visible()


def changes_the_address(person: Person) -> None:
    old, new = person.email, f"new-{person.email}"
    person.page.get_by_role("link", name="Change your email address").click()
    person.page.get_by_label("New email address").fill(new)
    person.page.get_by_label("Current password", exact=True).fill(person.password)
    press(person.page, "Send the link")
    expect(person.page.get_by_role("status")).to_contain_text("an email to it is on its way")

    person.page.goto(person.site.link("email-change", to=new))
    press(person.page, "Use the new address")

    expect(person.page.get_by_role("heading", name="Your email address is changed")).to_be_visible()
    assert person.site.mail("email-changed", to=old)
    person.email = new


def ends_the_session_of(other: Visit, person: Person) -> None:
    elsewhere = Person(other.page, person.site, person.email)
    elsewhere.log_in()

    person.page.goto("/account/sessions")
    person.page.get_by_role("button", name="End the session").click()
    expect(person.page.get_by_role("status")).to_have_text("The session is ended.")

    elsewhere.page.reload()
    expect(elsewhere.page.get_by_role("heading", name="Log in")).to_be_visible()


def resets_the_password(person: Person) -> None:
    person.log_out()
    person.page.goto("/log-in")
    person.page.get_by_role("link", name="Forgot your password?").click()
    person.page.get_by_label("Email address").fill(person.email)
    press(person.page, "Send the email")
    expect(person.page.get_by_role("heading", name="Check your email")).to_be_visible()

    person.page.goto(person.site.link("password-reset", to=person.email))
    person.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    press(person.page, "Set the password")

    expect(person.page.get_by_role("status")).to_contain_text("Your new password is set.")
    log_in(person.page, person.email, password=PASSWORD)
    expect(person.page.get_by_role("alert")).to_be_visible()
    person.password = NEW_PASSWORD
    person.log_in()


def exports_the_data(person: Person) -> None:
    person.page.get_by_role("link", name="Export").click()

    with person.page.expect_download() as download:
        press(person.page, "Download")

    assert download.value.suggested_filename.endswith(".json")
    assert person.email in json.dumps(json.loads(download.value.path().read_text()))


def deletes_the_account(person: Person) -> None:
    person.page.goto("/account/delete")
    person.page.get_by_label("Current password", exact=True).fill("a wrong one")
    press(person.page, "Delete account")
    expect(person.page.get_by_label("Current password", exact=True)).to_have_attribute("aria-invalid", "true")
    person.page.get_by_label("Current password", exact=True).fill(person.password)
    press(person.page, "Delete account")

    expect(person.page.get_by_role("status")).to_have_text("Your account is deleted.")
    log_in(person.page, person.email, password=person.password)
    expect(person.page.get_by_role("alert")).to_have_text("The email address or the password is wrong.")
