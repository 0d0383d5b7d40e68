"""Work done ahead, in a thread, while somebody else consumes what is ready."""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

Item = TypeVar("Item")
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class _Made(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _Ended:
    """There are no more items, or making them failed."""

    error: BaseException | None = None


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items, the next of which is made while the consumer works on one. What the making raises is raised here.

    The thread ends when the items do, or when the consumer closes this iterator.
    """
    ready: Queue[_Made[Item] | _Ended] = Queue(maxsize=1)
    is_unwanted = threading.Event()
    maker = threading.Thread(target=_make, args=(items, ready, is_unwanted), daemon=True)
    maker.start()
    try:
        while True:
            # In short stretches, so that Ctrl-C is heard.
            try:
                answer = ready.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            if isinstance(answer, _Made):
                yield answer.item
            elif answer.error:
                raise answer.error
            else:
                return
    finally:
        is_unwanted.set()
        maker.join()


def _make(items: Iterator[Item], ready: "Queue[_Made[Item] | _Ended]", is_unwanted: threading.Event) -> None:
    end = _Ended()
    try:
        for item in items:
            _put(ready, _Made(item), is_unwanted)
            if is_unwanted.is_set():
                return
    except BaseException as error:  # whatever it is, the consumer decides about it
        end = _Ended(error)
    _put(ready, end, is_unwanted)


def _put(ready: "Queue[_Made[Item] | _Ended]", answer: "_Made[Item] | _Ended", is_unwanted: threading.Event) -> None:
    while not is_unwanted.is_set():
        try:
            ready.put(answer, timeout=LOOK_SECONDS)
            return
        except Full:
            continue
