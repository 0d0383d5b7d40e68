"""Processes that make the blocks of a shop's sales: the first takes blocks 0, n, 2n …, the second 1, n + 1 …

A block waits for what earlier ones leave to it, and those are made at the same time or before; so nobody waits in a circle.
"""

import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np
import pyarrow as pa

from datagen.blocks import Blocks
from datagen.database import ShopError
from datagen.files.carried import CarriedInFiles, OrphanedError
from datagen.files.parts import SALES, Parts
from datagen.plan import ShopPlan
from datagen.sales import make_sales, sales_table
from datagen.world import make_world, plan_sales

LOOK_SECONDS = 0.1


def make_blocks_by_processes(
    plan: ShopPlan, parts: Parts, blocks: Blocks, processes: int, made: Callable[[int], None]
) -> None:
    """Write the file of every block that is not there; `made` hears how many rows there are. Raises ShopError if one fails."""
    if min(processes, len(blocks)) == 1:
        _make_every(plan, parts, 0, 1, made)
        return
    # Started anew rather than forked: threads of this process would not survive a fork, and what they hold would.
    context = multiprocessing.get_context("spawn")
    running: list[tuple[BaseProcess, Connection]] = []
    try:
        for first in range(min(processes, len(blocks))):
            says, told = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(
                target=_work, args=(plan, parts, first, processes, told), daemon=True
            )
            process.start()
            told.close()
            running.append((process, says))
        while any(process.is_alive() for process, _ in running):
            _raise_if_failed(running)
            made(_rows_there(parts, blocks))
            time.sleep(LOOK_SECONDS)
        _raise_if_failed(running)
        made(_rows_there(parts, blocks))
    finally:
        for process, says in running:
            process.terminate()
            process.join()
            says.close()


def _work(plan: ShopPlan, parts: Parts, first: int, step: int, told: Connection) -> None:
    # Ctrl-C reaches every process of a terminal; the one that started this one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As many threads as there are processes would be too many.
    pa.set_cpu_count(1)
    try:
        _make_every(plan, parts, first, step)
    except OrphanedError:
        pass
    except BaseException:
        told.send(traceback.format_exc())
        raise SystemExit(1) from None


def _make_every(plan: ShopPlan, parts: Parts, first: int, step: int, made: Callable[[int], None] | None = None) -> None:
    """Make every `step`-th block that is not there."""
    sales = plan_sales(make_world(plan))
    carried = CarriedInFiles(parts.carried, sales.blocks)
    for block in range(first, len(sales.blocks), step):
        if not parts.is_there(SALES, block):
            rows = make_sales(sales, block, carried)
            parts.write(SALES, pa.concat_tables(sales_table(rows)), block)
        if made:
            made(_rows_there(parts, sales.blocks))


def _raise_if_failed(running: list[tuple[BaseProcess, Connection]]) -> None:
    for process, says in running:
        if process.exitcode:
            reason = f"it ended with {process.exitcode}"
            with suppress(EOFError, OSError):
                if says.poll():
                    reason = says.recv().strip().splitlines()[-1]
            raise ShopError(
                f"a process that makes sales failed: {reason}; finished files are kept, run the same command to go on"
            )


def _rows_there(parts: Parts, blocks: Blocks) -> int:
    there = np.array([parts.is_there(SALES, block) for block in range(len(blocks))])
    return int(blocks.rows[there].sum())
