"""`booksales users`: accounts from the command line."""

import json
import re
from pathlib import Path

import pytest

from api.auth.authority import open_authority
from jobs_config.settings import Settings
from jobs_config.state import StateFolder


@pytest.fixture
def authority(home):
    opened = []

    def open_now():
        opened.append(open_authority(StateFolder(home), Settings()))
        return opened[-1]

    yield open_now
    for one in opened:
        one.engine.dispose()


def test_the_password_of_a_new_account_is_in_a_file_that_only_we_can_read_and_signs_in(booksales, authority):
    told = booksales("users", "add", "ana", "--role", "admin")

    path = Path(re.search(r"password: in (\S+), which only you can read", told.out).group(1))
    password = path.read_text().strip()
    assert told.code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert password not in told.out + told.err
    assert authority().sign_in("ana", password, "10.0.0.1").access


def test_a_password_is_shown_once_on_a_terminal(booksales, authority, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    told = booksales("users", "add", "ana", "--role", "admin")

    password = re.search(r"password: (\S+)", told.out).group(1)
    assert authority().sign_in("ana", password, "10.0.0.1").access


def test_a_token_is_a_header_for_curl(booksales, authority, tmp_path):
    booksales("users", "add", "ana", "--role", "admin")
    told = booksales("users", "token", "ana", "--to", str(tmp_path / "header.txt"))

    name, _, value = (tmp_path / "header.txt").read_text().strip().partition(": ")
    assert told.code == 0
    assert (name, authority().caller(value).username) == ("Authorization", "ana")


def test_accounts_are_listed_changed_and_disabled(booksales):
    booksales("users", "add", "admin", "--role", "admin")
    booksales("users", "add", "leo", "--role", "viewer", "--region", "Germany", "--region", "United Kingdom / Scotland")
    booksales("users", "role", "leo", "--role", "analyst")
    booksales("users", "disable", "leo")
    listed = json.loads(booksales("users", "list", "--json").out)
    shown = booksales("users", "list").out

    assert listed[1] == {
        "username": "leo",
        "role": "analyst",
        "is_disabled": True,
        "regions": ["Germany", "United Kingdom / Scotland"],
        "publishers": [],
    }
    assert "sees Germany, United Kingdom / Scotland only" in shown
    assert "leo is analyst\n" in booksales("users", "enable", "leo").out + booksales("users", "scope", "leo").out


def test_a_key_is_rotated(booksales, authority):
    booksales("users", "list")
    before = authority().keys.signing().kid

    assert "signs from now on" in booksales("users", "rotate-key").out
    assert authority().keys.signing().kid != before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["add", "ana"], 2, "--role is for add and role, and needed there"),
        (["list", "ana"], 2, "list takes no name"),
        (["disable"], 2, "disable takes the name of an account"),
        (["disable", "ana", "--region", "Germany"], 2, "--region and --publisher are for add and scope"),
        (["disable", "bob"], 2, "no user 'bob'"),
        (["add", "Ana", "--role", "viewer"], 2, "a user's name is"),
        (["disable", "admin"], 1, "the last administrator"),
        (["add", "admin", "--role", "viewer"], 1, "there is an account 'admin' already"),
    ],
)
def test_what_cannot_be_done_is_one_line(booksales, arguments, code, said):
    booksales("users", "add", "admin", "--role", "admin")
    refused = booksales("users", *arguments)

    assert refused.code == code
    assert said in refused.err
    assert refused.err.count("\n") == 1


def test_before_anybody_is_there_the_list_says_how_to_begin(booksales):
    assert "booksales users add NAME --role admin" in booksales("users", "list").out
