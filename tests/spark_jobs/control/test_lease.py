import fcntl
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from jobs_config.errors import RefusedError
from spark_jobs.control.lease import is_held, writer_lease

HOLD = """
import sys
from pathlib import Path
from spark_jobs.control.lease import writer_lease

with writer_lease(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holds(path, purpose):
    command = [sys.executable, "-c", HOLD, str(path), purpose]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.kill()


@pytest.fixture
def lease(tmp_path):
    return tmp_path / "writer.lock"


def test_a_second_process_is_refused_and_told_who_holds_the_lease(lease):
    with (
        another_process_holds(lease, "reload") as holder,
        pytest.raises(RefusedError) as refused,
        writer_lease(lease, "import"),
    ):
        pytest.fail("two writers at once")

    assert str(refused.value).startswith(f"`booksales reload` is running (process {holder.pid}, since 20")
    assert str(refused.value).endswith("; only one may write at a time. Wait for it, or end it first")


def test_somebody_who_only_looks_keeps_no_writer_out(lease):
    lease.touch()
    looking = os.open(lease, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.05, os.close, [looking]).start()

    with writer_lease(lease, "import"):
        assert is_held(lease)


def test_the_lease_is_free_once_its_holder_was_killed(lease):
    with another_process_holds(lease, "reload") as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)

        with writer_lease(lease, "import"):
            assert '"purpose": "import"' in lease.read_text()


def test_the_lease_is_free_after_the_block_also_when_it_failed(lease):
    with pytest.raises(ZeroDivisionError), writer_lease(lease, "a word longer than the next"):
        raise ZeroDivisionError

    with (
        writer_lease(lease, "reload"),
        pytest.raises(RefusedError, match="`booksales reload` is running"),
        writer_lease(lease, "import"),
    ):
        pytest.fail("two writers at once")


@pytest.mark.parametrize("word", ["", "not JSON", "{}"], ids=["nothing", "something else", "an empty object"])
def test_a_holder_that_did_not_say_who_it_is_holds_the_lease_all_the_same(lease, word):
    with writer_lease(lease, "reload"):
        lease.write_text(word)

        with (
            pytest.raises(RefusedError, match="another run is going on; only one may write"),
            writer_lease(lease, "import"),
        ):
            pytest.fail("two writers at once")


def test_only_the_owner_may_read_who_holds_the_lease(lease):
    with writer_lease(lease, "reload"):
        assert lease.stat().st_mode & 0o777 == 0o600
