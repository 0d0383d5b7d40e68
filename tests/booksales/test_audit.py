"""`booksales audit`: the proof from the command line."""

import json
import sqlite3


def test_what_is_done_at_the_machine_is_in_the_audit_and_sound(booksales, home):
    booksales("users", "add", "ana", "--role", "admin")
    booksales("users", "disable", "bob")

    told = booksales("audit", "verify")

    assert told.code == 0
    assert told.out.startswith("4 entries up to 4 are as they were written; 2 heads kept outside the database agree")
    with sqlite3.connect(home / "audit.db") as connection:
        found = connection.execute("select kind, endpoint, path, status from audit_entry order by seq").fetchall()
    connection.close()
    assert found == [
        ("intent", "users add", "add ana", None),
        ("outcome", None, None, 200),
        ("intent", "users disable", "disable bob", None),
        ("outcome", None, None, 500),
    ]


def test_a_change_is_found_and_named(booksales, home):
    booksales("users", "add", "ana", "--role", "admin")
    with sqlite3.connect(home / "audit.db") as connection:
        connection.execute("drop trigger audit_entry_stays_as_it_is")
        connection.execute("update audit_entry set username = 'somebody else' where seq = 1")
    connection.close()

    told = booksales("audit", "verify", "--json")

    assert told.code == 4
    assert json.loads(told.out)["is_sound"] is False
    assert "entry 1 is not as it was written" in json.loads(told.out)["faults"]


def test_there_is_nothing_to_prune_at_first(booksales):
    booksales("users", "list")

    assert booksales("audit", "prune").out == "0 segments older than 400 days were dropped; their signed heads stay\n"
    assert booksales("audit", "verify").code == 0
