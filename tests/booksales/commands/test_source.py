import json


def test_a_shop_that_does_not_run_is_said_with_how_to_start_it(booksales, home):
    told = booksales("source", "status")

    assert (told.code, told.err) == (0, "")
    assert told.out == "the embedded PostgreSQL does not run; `booksales source start` starts it\n"
    assert not (home / "source").exists()


def test_stopping_what_does_not_run_is_no_error(booksales):
    told = booksales("source", "stop", "--json")

    assert told.code == 0
    assert json.loads(told.out)["running"] is False


def test_starting_what_runs_already_says_where_it_is_without_its_password(booksales, embedded_shop, postgres):
    told = booksales("source", "start")

    assert told.code == 0
    assert told.out.startswith(
        f"the embedded PostgreSQL runs: {postgres.reader_url()} (process {postgres.status().pid}); "
    )
    assert postgres.reader_password() not in told.out
