"""What is kept: by publication, view and question, asked for once, never another's, and no more than fits."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest
from fastapi.testclient import TestClient
from signed_in import bearer
from small_star import publish_star, tables

from api.answers import Answers
from api.cache import AnswerCache
from api.view import View
from api.warming import Warmer, ask_as_the_dashboard
from warehouse.embedded.warehouse import EmbeddedWarehouse
from warehouse.planner import Plan
from warehouse.scope import EVERYTHING, Scope

SUMMARY = "/api/analytics/summary/"
BASE = "http://127.0.0.1:8600"
ROWS = tables()


class SlowGeneration:
    """Stands for a generation: counts how often it is asked, and answers with what it was asked."""

    def __init__(self, generation, is_slow=True):
        self.publication = generation.publication
        self.asked = 0
        self.go = threading.Event()
        if not is_slow:
            self.go.set()

    def rows(self, sql, parameters):
        self.asked += 1
        self.go.wait(5)
        if sql == "broken":
            raise ValueError("no such table")
        return [{"sql": sql, **parameters}] * 4


def test_many_callers_with_one_question_ask_the_warehouse_once(generation):
    slow, cache = SlowGeneration(generation), AnswerCache()
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(cache.rows, slow, Plan("select", {"a": 1}, ())) for _ in range(6)]
        slow.go.set()
        found = [answer.result() for answer in asked]

    assert slow.asked == 1
    assert found == [[{"sql": "select", "a": 1}] * 4] * 6
    assert (cache.counts.hits, cache.counts.misses) == (5, 1)


def test_the_oldest_answers_go_where_bytes_run_out_and_a_failure_is_never_kept(generation):
    quick, cache = SlowGeneration(generation, is_slow=False), AnswerCache(most_bytes=5_000)
    for sql in ("one", "two", "one", "three"):  # about 2 KB each
        cache.rows(quick, Plan(sql, {}, ()))
    assert quick.asked == 3
    cache.rows(quick, Plan("one", {}, ()))
    assert quick.asked == 3
    cache.rows(quick, Plan("two", {}, ()))
    assert quick.asked == 4
    assert cache.bytes_used <= 5_000

    for _ in range(2):
        with pytest.raises(ValueError, match="no such table"):
            cache.rows(quick, Plan("broken", {}, ()))
    assert quick.asked == 6


def test_a_cache_of_no_bytes_keeps_nothing(generation):
    quick, cache = SlowGeneration(generation, is_slow=False), AnswerCache(most_bytes=0)
    for _ in range(3):
        cache.rows(quick, Plan("one", {}, ()))

    assert (quick.asked, cache.bytes_used) == (3, 0)


def test_what_many_large_answers_take_stays_within_the_bound(generation):
    class Large(SlowGeneration):
        def rows(self, sql, parameters):
            return [{"name": "x" * 200, "value": number} for number in range(2_000)]

    cache = AnswerCache(most_bytes=5_000_000)
    for number in range(40):
        cache.rows(Large(generation), Plan(f"q{number}", {}, ()))

    assert cache.bytes_used <= 5_000_000
    assert cache.counts.evictions > 20


def test_ten_thousand_interleaved_questions_never_cross_views_or_publications(generation, star):
    """Eight threads, six views, thirty questions, and room for a few answers only."""

    class Echo:
        def __init__(self, number):
            self.publication = type("P", (), {"generation": number})()

        def rows(self, sql, parameters):
            return [{"publication": self.publication.generation, "sql": sql, "asked_by": asker.get()}]

    asker = ContextVar("asker")
    generations, cache = [Echo(1), Echo(2)], AnswerCache(most_bytes=200_000)

    def ask(seed):
        luck, wrong = random.Random(seed), 0
        for _ in range(1_250):
            number, view, question = luck.randrange(2), luck.randrange(6), luck.randrange(30)
            asker.set(view)
            # The planner puts the scope into the parameters too; here nothing but the cache's own key can tell.
            (row,) = cache.rows(generations[number], Plan(f"q{question}", {}, ()), f"view {view}")
            wrong += row != {"publication": number + 1, "sql": f"q{question}", "asked_by": view}
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 0
    assert cache.counts.hits > 1_000
    assert cache.counts.evictions > 100


def test_two_views_of_one_question_are_two_answers(generation):
    quick, cache = SlowGeneration(generation, is_slow=False), AnswerCache()
    for view in ("a", "b", "a"):
        cache.rows(quick, Plan("one", {}, ()), view)

    assert quick.asked == 2


# ETag


def test_an_answer_that_is_known_is_304_without_a_question(app, asked_by):
    client = asked_by("viewer", (("region", "Germany"),))
    first = client.get(SUMMARY, params={"days": 17})
    before = app.state.cache.counts.misses, app.state.cache.counts.hits

    second = client.get(SUMMARY, params={"days": 17}, headers={"If-None-Match": f'"x", {first.headers["ETag"]}'})

    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert (app.state.cache.counts.misses, app.state.cache.counts.hits) == before
    assert first.headers["Vary"] == "Authorization, Accept"
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_what_an_answer_depends_on_makes_another_tag(asked_by):
    viewer, analyst, narrowed = asked_by("viewer"), asked_by("analyst"), asked_by("viewer", (("region", "Germany"),))
    answers = [
        viewer.get(SUMMARY),
        viewer.get(SUMMARY, params={"days": 29}),
        viewer.get("/api/analytics/timeseries/"),
        viewer.get(SUMMARY, headers={"Accept": "text/csv"}),
        analyst.get(SUMMARY),
        narrowed.get(SUMMARY),
    ]

    assert len({answer.headers["ETag"] for answer in answers}) == len(answers)
    assert viewer.get(SUMMARY).headers["ETag"] == answers[0].headers["ETag"]


def test_a_tag_of_somebody_else_is_of_no_use(asked_by):
    theirs = asked_by("analyst").get(SUMMARY).headers["ETag"]

    assert asked_by("viewer").get(SUMMARY, headers={"If-None-Match": theirs}).status_code == 200


def test_a_new_publication_makes_another_tag(own_app, own_state, authority, tmp_path):
    publish_star(own_state.warehouse, tmp_path / "lake", ROWS)
    client = TestClient(own_app, base_url=BASE, headers=bearer(authority))
    first = client.get(SUMMARY).headers["ETag"]
    publish_star(own_state.warehouse, tmp_path / "lake", ROWS, run_seq=2)

    answer = client.get(SUMMARY, headers={"If-None-Match": first})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != first


def test_a_failure_and_a_question_by_post_carry_no_tag(asked_by):
    analyst = asked_by("analyst")

    assert "ETag" not in analyst.get(f"{SUMMARY}?days=x").headers
    assert "ETag" not in analyst.post("/api/analytics/query/", json={"metrics": ["net_units"]}).headers


# warming


def test_after_a_publication_the_dashboards_questions_are_answered_already(own_state, tmp_path):
    warehouse, cache = EmbeddedWarehouse(own_state.warehouse), AnswerCache()
    warmer = Warmer(warehouse, cache)
    views = [View("viewer", EVERYTHING, "a"), View("analyst", Scope(("Germany",)), "b")]
    for view in views:
        warmer.seen(view)
    assert warmer.warm() is False

    publish_star(own_state.warehouse, tmp_path / "lake", ROWS)
    assert [warmer.warm(), warmer.warm()] == [True, False]
    misses = cache.counts.misses
    for view in views:
        ask_as_the_dashboard(Answers(warehouse.current(), cache, view))

    assert misses > 10
    assert cache.counts.misses == misses


def test_only_the_views_in_use_are_warmed(own_state, tmp_path):
    cache = AnswerCache()
    warmer = Warmer(EmbeddedWarehouse(own_state.warehouse), cache)
    publish_star(own_state.warehouse, tmp_path / "lake", {**ROWS, "fact_sales": []})
    warmer.seen(View("viewer", EVERYTHING, "a"))

    assert warmer.warm() is True
    assert cache.counts.misses == 0
