import os
import stat
from contextlib import closing

import psutil
import psycopg2
import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.postgres import EmbeddedPostgres


def rows(dsn, statement, **options):
    with closing(psycopg2.connect(dsn, **options)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def reader_dsn(postgres, shop_database):
    database = parse_dsn(shop_database)["dbname"]
    return make_dsn(postgres.reader_url(database), password=postgres.reader_password())


def test_starting_a_running_server_changes_nothing(postgres):
    before = postgres.status()

    postgres.start()

    assert before.running
    assert postgres.status() == before


def test_the_owner_owns_the_shop(postgres):
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'bookstore'"

    assert rows(postgres.owner_dsn(), owner) == [("shop_owner",)]


@pytest.mark.parametrize("user", ["shop_owner", "booksales_reader"])
@pytest.mark.parametrize("password", ["", "guess"], ids=["no password", "a wrong password"])
def test_nobody_gets_in_with(postgres, user, password):
    dsn = make_dsn(postgres.reader_url(), user=user, password=password or None, passfile="/dev/null")

    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(dsn)


def test_passwords_are_kept_as_scram_verifiers(postgres):
    kept = rows(postgres.owner_dsn(), "select rolpassword from pg_authid where rolcanlogin")

    assert [password[:14] for (password,) in kept] == ["SCRAM-SHA-256$", "SCRAM-SHA-256$"]


def test_the_server_listens_on_loopback_only(postgres):
    server = psutil.Process(postgres.status().pid)

    listening = {c.laddr.ip for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN}

    assert listening == {"127.0.0.1"}
    assert server.net_connections("unix") == []


def test_the_reader_reads_tables_that_come_later(shop_database, reader_dsn):
    rows(shop_database, "create table book (title text)")
    rows(shop_database, "insert into book values ('Emma')")

    assert rows(reader_dsn, "select title from book") == [("Emma",)]


@pytest.mark.parametrize(
    "statement",
    ["insert into book values ('Emma')", "create table mine (id int)", "create temporary table mine (id int)"],
    ids=["insert", "make a table", "make a temporary table"],
)
def test_the_reader_cannot(shop_database, reader_dsn, statement):
    rows(shop_database, "create table book (title text)")

    with pytest.raises(psycopg2.Error, match="permission denied"):
        rows(reader_dsn, statement, options="-c default_transaction_read_only=off")


def test_the_reader_is_read_only_before_rights_are_asked(reader_dsn):
    assert rows(reader_dsn, "show transaction_read_only") == [("on",)]


def test_the_reader_sees_what_other_sessions_do(shop_database, reader_dsn):
    with closing(psycopg2.connect(shop_database, application_name="the shop")):
        seen = rows(reader_dsn, "select state from pg_stat_activity where application_name = 'the shop'")

    assert seen == [("idle",)]


def test_no_password_is_shown(postgres, state):
    secrets = {state.secret("source_owner_password"), state.secret("source_reader_password")}
    status = postgres.status()
    shown = [status.url, status.log.read_text(), *psutil.Process(status.pid).cmdline()]

    assert not [text for text in shown for secret in secrets if secret in text]
    assert status.url == f"postgresql://booksales_reader@127.0.0.1:{status.port}/bookstore"


def test_the_state_folder_stays_closed(postgres, state):
    folders = [state.root, state.source, postgres.status().data]

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700, 0o700]


@pytest.mark.skipif(os.geteuid() != 0, reason="missing: root")
def test_started_by_root_the_server_runs_as_a_system_user(postgres):
    assert psutil.Process(postgres.status().pid).username() == "booksales"


def test_the_database_is_durable(postgres):
    names = ("fsync", "full_page_writes", "synchronous_commit")

    assert [rows(postgres.owner_dsn(), f"show {name}") for name in names] == [[("on",)]] * 3


def test_a_stopped_server_has_no_address(empty_state):
    server = EmbeddedPostgres(empty_state)

    assert not server.status().running
    with pytest.raises(LocalStackError, match="booksales source start"):
        server.owner_dsn()


def test_stopping_a_stopped_server_does_nothing(empty_state):
    EmbeddedPostgres(empty_state).stop()

    assert not empty_state.source.exists()
