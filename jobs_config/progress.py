"""Progress of long work: a moving line on a terminal, plain lines elsewhere, never silent for a minute."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

TERMINAL_SECONDS = 0.5
PLAIN_SECONDS = 20.0


class Progress:
    """Reports phases of work, each with its elapsed time.

    One phase at a time; a phase may `update(done, total)` from any thread. On a terminal the line moves;
    elsewhere a line is written at the start, every 20 seconds, and at the end.
    """

    def __init__(self, stream: TextIO | None = None, terminal: bool | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty() if terminal is None else terminal
        self._lock = threading.Lock()
        self._name = ""
        self._began = 0.0
        self._state = ""

    @contextmanager
    def phase(self, name: str) -> Iterator["Progress"]:
        """Run the block as one named phase; its line says how long it took, and whether it failed."""
        self._name, self._state, self._began = name, "", time.monotonic()
        finished = threading.Event()
        if not self._terminal:
            self._line(f"{name} …")
        ticker = threading.Thread(target=self._tick, args=(finished,), daemon=True)
        ticker.start()
        outcome = "failed"
        try:
            yield self
            outcome = "done"
        finally:
            finished.set()
            ticker.join()
            self._line(f"{'✓' if outcome == 'done' else '✗'} {self._describe()}", final=True)

    def update(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Say how far the phase is: `done` of `total` units."""
        share = f" ({100 * done // total} %)" if total else ""
        of_total = f" of {total:,}" if total else ""
        with self._lock:
            self._state = f"{done:,}{of_total} {unit}{share}"

    def note(self, text: str) -> None:
        """Say in words where the phase stands."""
        with self._lock:
            self._state = text

    def say(self, text: str) -> None:
        """A line of its own between phases."""
        self._line(text, final=True)

    def _describe(self) -> str:
        with self._lock:
            state = f": {self._state}" if self._state else ""
        return f"{self._name}{state} ({time.monotonic() - self._began:.1f} s)"

    def _tick(self, finished: threading.Event) -> None:
        while not finished.wait(TERMINAL_SECONDS if self._terminal else PLAIN_SECONDS):
            self._line(f"… {self._describe()}")

    def _line(self, text: str, final: bool = False) -> None:
        with self._lock:
            if self._terminal:
                self._stream.write(f"\r\x1b[2K{text}" + ("\n" if final else ""))
            else:
                self._stream.write(text + "\n")
            self._stream.flush()
