"""What can go wrong around a run: a server that ends connections, a network that breaks, a disk that is full."""

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psutil
import psycopg2

BLOCK = 65_536
# Files of the lake and the warehouse are larger, those of Delta's log and of a test's ledger as well; a line of a log still fits.
SMALL = 1_024


def end_backends(superuser_dsn: str, user: str) -> int:
    """End every connection of a user, as an administrator or a failing server does; returns how many there were."""
    with closing(psycopg2.connect(superuser_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = %s", (user,))
        return int(cursor.fetchone()[0])


class Wire:
    """A TCP proxy on loopback, which can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and let no new one through."""
        self._is_cut = True
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._open |= {client, server}
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while received := one.recv(BLOCK):
                other.sendall(received)
        for end in (one, other):
            self._open.discard(end)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def room_for_no_more() -> Iterator[object]:
    """Gives what fills the disk: from then on no process of the run can write a file beyond `SMALL`; room is made at the end.

    A limit on the size of files stands for the full disk, as it needs no disk of its own.
    """
    ours = [psutil.Process(), *psutil.Process().children(recursive=True)]
    pids = [process.pid for process in ours if process.name() != "postgres"]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}

    def fill() -> None:
        for pid, (_, hard) in before.items():
            # One of Spark's workers may have gone by itself.
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (SMALL, hard))

    try:
        yield fill
    finally:
        for pid, limit in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
