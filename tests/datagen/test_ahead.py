import threading
import time
from itertools import count

import pytest

from datagen.ahead import ahead


def threads():
    return [thread for thread in threading.enumerate() if "_make" in thread.name]


def test_items_come_in_their_order():
    assert list(ahead(iter(range(100)))) == [*range(100)]


def test_the_next_item_is_made_while_one_is_consumed():
    made = []

    def items():
        for number in range(3):
            made.append(number)
            yield number

    stream = ahead(items())
    next(stream)
    deadline = time.monotonic() + 10
    while len(made) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert made[:2] == [0, 1]
    stream.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("no such book")])
def test_what_the_making_raises_is_raised_where_items_are_asked_for(error):
    def items():
        yield 1
        raise error

    stream = ahead(items())

    assert next(stream) == 1
    with pytest.raises(type(error)):
        next(stream)


def test_a_consumer_that_stops_ends_the_making():
    stream = ahead(count())
    next(stream)

    stream.close()

    assert threads() == []
