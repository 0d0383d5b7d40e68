"""Questions end when their time is over, and only those."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from small_star import published_once

from warehouse.deadlines import Deadlines
from warehouse.embedded.generations import generation_file
from warehouse.embedded.reading import DuckDBReading
from warehouse.embedded.warehouse import EmbeddedWarehouse
from warehouse.publication import QuestionTimeoutError

SECONDS = 0.5
WITHOUT_END = "select sum(a.quantity) as n from analytics.fact_sales a, analytics.fact_sales b, analytics.fact_sales c"
QUICK = "select count(*) as n from analytics.fact_sales"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return published_once(tmp_path_factory.getbasetemp() / "small_star")


def asked(generation, sql):
    """Seconds it took, and the answer or that there was none."""
    began = time.monotonic()
    try:
        found = generation.rows(sql)
    except QuestionTimeoutError:
        found = "too long"
    return time.monotonic() - began, found


def test_a_question_without_end_is_interrupted_and_the_next_one_answered(folder):
    generation = DuckDBReading(generation_file(folder, 1), SECONDS)

    with pytest.raises(QuestionTimeoutError, match=r"longer than 0\.5 s and was ended"):
        generation.rows(WITHOUT_END)

    assert asked(generation, WITHOUT_END)[0] < SECONDS + 1
    assert generation.rows(QUICK)[0]["n"] > 3_000


def test_of_many_questions_at_once_only_those_that_take_too_long_end(folder):
    generation = EmbeddedWarehouse(folder, SECONDS).current()
    with ThreadPoolExecutor(12) as pool:
        long = [pool.submit(asked, generation, WITHOUT_END) for _ in range(6)]
        quick = [pool.submit(asked, generation, QUICK) for _ in range(60)]
        answers = [answer.result() for answer in quick]
        ended = [answer.result() for answer in long]

    assert {found if isinstance(found, str) else found[0]["n"] for _, found in answers} == {3569}
    assert [found for _, found in ended] == ["too long"] * 6
    assert max(seconds for seconds, _ in ended) < SECONDS + 2


def test_without_seconds_nothing_is_interrupted(folder):
    assert EmbeddedWarehouse(folder).current().rows(QUICK)[0]["n"] > 3_000


def test_what_is_over_is_never_interrupted():
    deadlines, interrupted = Deadlines(), []
    for number in range(50):
        with deadlines.within(0.001, lambda number=number: interrupted.append(number)):
            pass
    over = len(interrupted)
    time.sleep(0.1)

    assert len(interrupted) == over


def test_an_interrupt_that_comes_too_early_is_said_again():
    deadlines, heard = Deadlines(), threading.Semaphore(0)

    with deadlines.within(0.01, heard.release):
        assert [heard.acquire(timeout=2) for _ in range(3)] == [True] * 3


def test_the_earliest_deadline_is_kept_whatever_was_there_before():
    deadlines, heard = Deadlines(), threading.Event()

    with deadlines.within(60, lambda: None), deadlines.within(0.05, heard.set):
        assert heard.wait(2)
