"""Admin, over an installation of its own: nobody else's accounts are counted."""

import re

import pytest
from live_api import live_api, token_of

from api.client import ApiError, Client
from jobs_config.state import open_state


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    return open_state(tmp_path_factory.mktemp("admin") / "booksales").warehouse


@pytest.fixture(scope="module")
def token_for(warehouse):
    return lambda role: token_of(warehouse, role)


@pytest.fixture(scope="module")
def installation(warehouse, token_for):
    """The API over an installation that has only an administrator, and the administrator's token."""
    with live_api(warehouse) as url:
        yield url, token_for("admin")


@pytest.fixture
def admin(installation):
    with Client(*installation) as client:
        yield client


@pytest.fixture
def page(installation, open_page):
    return lambda **parameters: open_page(installation[0], "admin", installation[1], **parameters)


def add(page, name, role="viewer", regions=""):
    page.text_input(key="new-username").set_value(name)
    page.selectbox(key="new-role").set_value(role)
    page.text_area(key="new-regions").set_value(regions)
    return press(page, "Add")


def press(page, label):
    return next(button for button in page.button if button.label == label).click().run()


def test_a_user_is_added_with_a_password_that_is_shown_once_and_signs_in(installation, admin, page):
    shown = add(page(), "ana", "analyst", "Germany\n\n United Kingdom / Scotland ")

    told = shown.success[0].value.replace("\\", "")
    assert "ana is added" in told
    with Client(installation[0]) as ana:
        ana.sign_in("ana", re.search(r"once: (\S+)$", told)[1])
        assert (ana.me()["role"], ana.me()["regions"]) == ("analyst", ["Germany", "United Kingdom / Scotland"])
    assert set(shown.dataframe[0].value["User"]) == {"admin", "ana"}
    assert not shown.run().success


def test_a_user_is_changed_disabled_and_given_another_password(admin, page):
    password = admin.add_user("leo", "viewer")["password"]
    shown = page()
    shown.selectbox(key="changed-user").set_value("leo").run()
    shown.selectbox(key="role-leo").set_value("engineer")
    shown.text_area(key="publishers-leo").set_value("Meridian Books")
    shown.toggle(key="disabled-leo").set_value(True)
    press(shown, "Save")

    (leo,) = [user for user in admin.users() if user["username"] == "leo"]
    assert (leo["role"], leo["publishers"], leo["is_disabled"]) == ("engineer", ["Meridian Books"], True)
    told = press(shown, "Make another password").success[0].value
    assert "leo is signed out everywhere" in told and password not in told


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("admin", "there is an account 'admin' already"),
        ("<b>Ana</b>", "a user's name is 2 to 64"),
        ("", "a user's name is 2"),
    ],
    ids=["taken", "markup", "empty"],
)
def test_what_the_api_refuses_is_said_and_nothing_is_changed(admin, page, name, said):
    before = admin.users()

    shown = add(page(), name)

    assert shown.error[0].proto.title == "Nothing is changed"
    assert said in shown.error[0].value.replace("\\", "")
    assert not shown.exception and admin.users() == before


def test_the_last_administrator_stays(page):
    shown = page()
    shown.selectbox(key="changed-user").set_value("admin").run()
    shown.selectbox(key="role-admin").set_value("viewer")

    assert "last administrator" in press(shown, "Save").error[0].value


def test_activity_is_what_the_api_says(admin, page):
    shown = page(part="activity")

    rows = {row["User"]: row for row in shown.dataframe[0].value.to_dict("records")}
    assert rows["admin"]["Requests"] > 0
    assert set(rows) <= {user["username"] for user in admin.activity()["users"]}


def test_the_audit_comes_page_by_page_is_narrowed_and_verified(admin, page):
    for _ in range(60):
        admin.me()
    shown = page(part="audit")
    first = list(shown.dataframe[0].value["Number"])
    press(shown, "Earlier")
    assert max(shown.dataframe[0].value["Number"]) < min(first)

    shown.text_input(key="audit-endpoint").set_value("me").run()
    assert set(shown.dataframe[0].value["Endpoint"]) == {"me"}
    press(shown, "Verify the chain")
    assert shown.success[0].proto.title == "The audit is sound"


def test_a_link_with_an_unknown_part_is_answered_in_words(page):
    shown = page(part="<script>")

    assert "there are users, activity, audit, jobs" in shown.warning[0].value.replace("\\", "")
    assert len(shown.dataframe) == 1


@pytest.mark.parametrize("role", ["viewer", "analyst", "engineer"])
def test_others_are_told_that_the_page_is_not_for_them_and_so_does_the_api(installation, token_for, open_page, role):
    shown = open_page(installation[0], "admin", token_for(role))

    assert not shown.dataframe and not shown.exception
    with Client(installation[0], token_for(role)) as client, pytest.raises(ApiError, match="another role"):
        client.users()
