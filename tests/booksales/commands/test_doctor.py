import json


def test_the_checks_are_shown_to_programs_and_the_exit_code_says_whether_all_is_well(booksales):
    told = booksales("doctor", "--json")

    found = {check["name"]: check for check in json.loads(told.out)}
    assert {"platform", "Python", "Java", "PostgreSQL", "state folder", "port of the API"} <= set(found)
    assert told.code == (0 if all(check["ok"] for check in found.values()) else 1)
