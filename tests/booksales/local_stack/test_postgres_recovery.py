"""What a server survives. Each test leaves the rough server stopped; the next one starts it again."""

import shutil
import signal
import socket
import subprocess
from contextlib import closing, suppress

import psutil
import psycopg2
import pytest

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.postgres import EmbeddedPostgres


def execute(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def end(pid, number=signal.SIGKILL):
    process = psutil.Process(pid)
    process.send_signal(number)
    process.wait(10)


def test_the_port_stays_the_same_over_a_restart(rough_postgres):
    before = rough_postgres.status()

    rough_postgres.stop()
    rough_postgres.start()

    assert rough_postgres.status().port == before.port
    assert rough_postgres.status().pid != before.pid


def test_another_port_is_taken_when_somebody_else_has_it(rough_postgres):
    port = rough_postgres.status().port
    rough_postgres.stop()

    with socket.create_server(("127.0.0.1", port)):
        rough_postgres.start()

    assert rough_postgres.status().port != port


def test_what_was_committed_survives_a_killed_server(rough_postgres):
    execute(rough_postgres.owner_dsn(), "create table if not exists kept as select 1 as id")

    end(rough_postgres.status().pid)
    rough_postgres.start()

    assert execute(rough_postgres.owner_dsn(), "select id from kept") == [(1,)]


def test_a_backend_still_at_work_after_a_crash_is_ended_before_the_next_start(rough_postgres):
    with closing(psycopg2.connect(rough_postgres.owner_dsn(), async_=True)) as busy:
        wait(busy)
        busy.cursor().execute("select count(*) from generate_series(1, 1000000000000)")
        backend = psutil.Process(busy.info.backend_pid)

        end(rough_postgres.status().pid)
        rough_postgres.start()

        assert not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE


def wait(connection):
    while connection.poll() != psycopg2.extensions.POLL_OK:
        pass


def test_a_pid_file_of_somebody_elses_process_is_not_believed(rough_postgres):
    status = rough_postgres.status()
    rough_postgres.stop()

    with subprocess.Popen(["sleep", "60"], user=status.data.stat().st_uid) as other:
        lines = [str(other.pid), str(status.data), "0", str(status.port), "", "127.0.0.1", "0 0", "ready"]
        (status.data / "postmaster.pid").write_text("\n".join(lines) + "\n")
        believed = rough_postgres.status().running
        rough_postgres.start()
        other.kill()

    assert not believed
    assert rough_postgres.status().running


def test_a_start_that_fails_shows_what_the_server_said(rough_postgres):
    version = rough_postgres.status().data / "PG_VERSION"
    rough_postgres.stop()

    version.write_text("9.6\n")
    with pytest.raises(LocalStackError, match=r"(?s)did not start.*initialized by PostgreSQL version 9\.6"):
        rough_postgres.start()
    version.write_text("16\n")


def test_an_interrupted_first_start_is_taken_up_again(empty_state):
    unfinished = empty_state.source / "server" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("16\n")
    server = EmbeddedPostgres(empty_state)

    server.start()

    assert server.status().running
    assert [path.name for path in unfinished.parent.iterdir()] == ["data"]
    server.stop()


def test_deleting_the_state_folder_resets_even_while_the_server_runs(rough_postgres, rough_state):
    forgotten = rough_postgres.status()
    execute(rough_postgres.owner_dsn(), "create table if not exists kept as select 1 as id")

    shutil.rmtree(rough_state.source)
    rough_postgres.start()

    assert rough_postgres.status().pid != forgotten.pid
    assert execute(rough_postgres.owner_dsn(), "select to_regclass('kept')") == [(None,)]
    with suppress(psutil.NoSuchProcess):
        end(forgotten.pid, signal.SIGQUIT)
