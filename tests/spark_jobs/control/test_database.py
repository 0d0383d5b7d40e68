import os
import traceback

import pytest
import sqlalchemy as sa

from jobs_config.errors import ConfigError
from spark_jobs.control.database import PASSWORD_VARIABLE, control_engine, is_server, transaction
from spark_jobs.control.results import FileResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import LedgerError


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql+psycopg2://ops:hunter2@db/control",
            f"it holds a password, which belongs into {PASSWORD_VARIABLE}",
        ),
        ("postgresql://ops@db/control?password=hunter2", "it holds a password"),
        ("postgresql://ops@db:hunter2/control", "it is not well-formed"),
        ("hunter2", "it is not well-formed"),
        ("mysql://ops@db/hunter2", "mysql is no database for it"),
        ("postgresql://hunter2@db", "it lacks a database"),
    ],
    ids=["a password", "a password as parameter", "no port", "no URL", "another server", "no database"],
)
def test_what_is_no_url_of_a_control_database_is_refused_and_never_repeated(url, said):
    with pytest.raises(ConfigError) as refused:
        control_engine(url)

    assert f"URL of the run ledger: {said}" in str(refused.value)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_server_is_told_from_a_file():
    assert [is_server(url) for url in ("postgresql://u@h/d", "postgresql+psycopg2://u@h/d", "sqlite:////l.db")] == [
        True,
        True,
        False,
    ]


def test_a_wrong_password_is_named_by_its_variable_and_never_shown(control_database, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "hunter2")

    with pytest.raises(
        LedgerError, match=f"password authentication failed .*; check the user and {PASSWORD_VARIABLE}"
    ) as no:
        RunLedger(control_database)

    assert "hunter2" not in "".join(traceback.format_exception(no.value))


def test_a_server_that_is_away_and_a_database_that_is_not_there_are_told_apart(control_database):
    with pytest.raises(LedgerError, match="check that the server runs and can be reached from here"):
        RunLedger("postgresql+psycopg2://ops@127.0.0.1:1/control")
    with pytest.raises(LedgerError, match="check user and database in the ledger's URL"):
        RunLedger(control_database + "_of_another_name")


def test_a_statement_that_fails_shows_neither_itself_nor_its_values_nor_the_password(control_database):
    ledger = RunLedger(control_database)
    ledger.record_files(1, "goodbooks", [FileResult("ab" * 32, "may.csv", 2, 0, 1, 1, 0, 0)])

    with pytest.raises(LedgerError) as failed:
        ledger.record_files(2, "goodbooks", [FileResult("ab" * 32, "secret.csv", 2, 0, 1, 1, 0, 0)])

    said = str(failed.value)
    assert "duplicate key value violates unique constraint" in said
    assert "\n" not in said
    assert [
        word for word in ("secret.csv", "abab", "insert", os.environ[PASSWORD_VARIABLE]) if word in said.lower()
    ] == []


def test_a_connection_that_was_cut_between_two_questions_is_made_anew(control_database):
    ledger, engine = RunLedger(control_database), control_engine(control_database)
    ledger.start("reload", "bookstore")
    others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with transaction(engine) as connection:
        assert connection.execute(sa.text(others)).scalar() is True

    assert len(ledger.runs()) == 1
