"""Returned lines that blocks leave to each other, in files that several processes share."""

import os
import time
from pathlib import Path

import numpy as np

from datagen.arrays import Ints
from datagen.blocks import Blocks
from datagen.carried import nothing_carried

WAIT_SECONDS = 0.02


class OrphanedError(Exception):
    """The process that started this one is gone, and nobody wants its work."""


class CarriedInFiles:
    """One file per block; a block that is not there yet is waited for, as another process is making it."""

    def __init__(self, folder: Path, blocks: Blocks) -> None:
        self._folder, self._returned = folder, blocks.returned
        self._parent = os.getppid()

    def put(self, source: int, rows: Ints, counts: Ints) -> None:
        path, unfinished = self._path(source), self._folder / f"{source}.{os.getpid()}"
        with unfinished.open("wb") as file:
            np.save(file, rows)
        unfinished.replace(path)

    def take(self, target: int) -> Ints:
        sources = np.flatnonzero(self._returned[:target, target]).tolist()
        return np.concatenate([nothing_carried(), *(self._part(source, target) for source in sources)])

    def _part(self, source: int, target: int) -> Ints:
        path = self._path(source)
        while not path.exists():
            if os.getppid() != self._parent:
                raise OrphanedError
            time.sleep(WAIT_SECONDS)
        counts = self._returned[source, source + 1 : target + 1]
        until = int(counts.sum())
        rows: Ints = np.load(path, mmap_mode="r")[until - int(counts[-1]) : until]
        return rows

    def _path(self, source: int) -> Path:
        return self._folder / f"{source}.npy"
