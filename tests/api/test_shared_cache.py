"""Answers that replicas share, in a real Redis server where the machine has one."""

import shutil
import socket
import subprocess
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from signed_in import bearer

from api import shared_cache
from api.app import close, create_app
from api.cache import AnswerCache
from api.shared_cache import SharedAnswers, open_shared_answers
from jobs_config.errors import ConfigError
from jobs_config.settings import Settings
from jobs_config.state import StateFolder
from warehouse.planner import Plan

BASE = "http://127.0.0.1:8600"
PASSWORD = "a password of the test"
ROWS = [
    {"a": 1, "b": Decimal("2.50"), "c": "x", "d": date(2024, 2, 29), "e": None, "f": True, "g": 0.1},
    {
        "a": -(2**70),
        "b": Decimal("-0.00"),
        "c": "ü'\n",
        "d": date(1, 1, 1),
        "e": datetime(2024, 1, 2, 3, 4, 5, 6, UTC),
        "f": False,
        "g": 1e300,
    },
]
PLAN = Plan("select 1", {"from_date": date(2024, 1, 1), "limit": 3}, ())


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Redis server of the tests' own: its address, and the process."""
    if not shutil.which("redis-server"):
        pytest.skip("missing: redis-server")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--requirepass",
        PASSWORD,
    ]
    with subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL) as process:
        url = f"redis://127.0.0.1:{port}/0"
        try:
            _wait_for(port)
            yield url, process
        finally:
            process.terminate()


def _wait_for(port):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("redis-server does not listen")


@pytest.fixture
def shared(server):
    answers = SharedAnswers(server[0], PASSWORD)
    answers._redis.flushdb()
    yield answers
    answers.close()


class Asked:
    """Stands for a generation: counts how often it is asked."""

    def __init__(self, generation):
        self.publication = generation.publication
        self.count = 0

    def rows(self, sql, parameters):
        self.count += 1
        return ROWS


def test_rows_come_back_as_they_were(shared, generation):
    shared.keep(generation.publication, PLAN, "view", ROWS)

    assert shared.find(generation.publication, PLAN, "view") == ROWS
    assert [type(value) for value in shared.find(generation.publication, PLAN, "view")[1].values()] == [
        type(value) for value in ROWS[1].values()
    ]


def test_what_one_replica_has_asked_another_takes_from_there(shared, generation):
    first, second = Asked(generation), Asked(generation)

    found = [AnswerCache(shared=shared).rows(asked, PLAN, "view") for asked in (first, second)]

    assert found == [ROWS, ROWS]
    assert (first.count, second.count) == (1, 0)


def test_another_publication_view_question_or_installation_is_another_answer(shared, generation):
    publication = generation.publication
    shared.keep(publication, PLAN, "view", ROWS)

    others = [
        (replace(publication, generation=2), PLAN, "view"),
        (replace(publication, published_at=datetime(2025, 1, 1, tzinfo=UTC)), PLAN, "view"),
        (publication, PLAN, "another view"),
        (publication, Plan("select 2", PLAN.parameters, ()), "view"),
        (publication, Plan(PLAN.sql, {**PLAN.parameters, "limit": 4}, ()), "view"),
    ]
    assert [shared.find(*other) for other in others] == [None] * len(others)


def test_two_replicas_answer_alike_and_never_across_views(star, server, monkeypatch):
    monkeypatch.setenv(shared_cache.PASSWORD_VARIABLE, PASSWORD)
    apps = [
        create_app(StateFolder(star.parent), Settings(cache_url=server[0], api_requests_per_minute=0)) for _ in range(2)
    ]
    members = ((("region", "Germany"),), (("region", "United Kingdom"),), ())

    def ask(app, scope):
        client = TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "viewer", scope))
        return client.get("/api/analytics/summary/?days=400").json()["data"]

    answers = [[ask(app, scope) for scope in members] for app in apps]
    taken = apps[1].state.cache.counts.shared
    for app in apps:
        close(app)

    assert answers[0] == answers[1]
    assert len({str(answer) for answer in answers[0]}) == 3
    assert taken >= 3


def test_what_nobody_of_ours_has_written_is_no_answer(shared, generation):
    key = shared_cache._key(generation.publication, PLAN, "view")
    for text in (
        "",
        "{",
        "[]",
        '{"names": ["a"], "rows": [[["os", "x"]]]}',
        '{"names": ["a"], "rows": [[1, 2]]}',
        "null",
    ):
        shared._redis.set(key, text)
        assert shared.find(generation.publication, PLAN, "view") is None


def test_what_is_too_large_is_not_shared(shared, generation):
    shared.keep(generation.publication, PLAN, "view", [{"a": "x" * shared_cache.MOST_BYTES}])

    assert shared.find(generation.publication, PLAN, "view") is None


@pytest.mark.parametrize("is_there", [True, False], ids=["silent", "not there"])
def test_a_server_that_does_not_answer_is_left_alone_and_the_warehouse_asked(generation, is_there):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1] if is_there else free_port()
        shared, asked = SharedAnswers(f"redis://127.0.0.1:{port}/0", "x"), Asked(generation)
        cache, began = AnswerCache(most_bytes=0, shared=shared), time.monotonic()

        found = [cache.rows(asked, PLAN, "view") for _ in range(20)]

    shared.close()
    assert found == [ROWS] * 20
    assert asked.count == 20
    assert time.monotonic() - began < 3


def test_a_server_that_comes_back_is_used_again(server, generation, monkeypatch):
    monkeypatch.setattr(shared_cache, "SILENT_SECONDS", 0.0)
    shared = SharedAnswers(server[0], "another password")
    assert shared.find(generation.publication, PLAN, "view") is None
    shared.close()
    good = SharedAnswers(server[0], PASSWORD)
    good.keep(generation.publication, PLAN, "back", ROWS)

    assert good.find(generation.publication, PLAN, "back") == ROWS
    good.close()


def test_ten_thousand_interleavings_never_cross_views(shared, generation):
    """Eight threads, six views, thirty questions, two replicas that keep nothing themselves."""

    class Echo(Asked):
        def __init__(self, view):
            super().__init__(generation)
            self.view = view

        def rows(self, sql, parameters):
            # The planner puts the scope into the parameters too; here nothing but the key can tell.
            return [{"sql": sql, "view": self.view}]

    replicas = [AnswerCache(most_bytes=0, shared=shared) for _ in range(2)]
    wrong = []

    def ask(seed):
        for number in range(1_250):
            view, question = f"view {(number * 7 + seed) % 6}", f"q{(number * 11 + seed) % 30}"
            found = replicas[number % 2].rows(Echo(view), Plan(question, {}, ()), view)
            if found != [{"sql": question, "view": view}]:
                wrong.append((view, question, found))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert sum(replica.counts.shared for replica in replicas) > 1_000


@pytest.mark.parametrize(
    "url", ["redis://cache.example.com:6379/0", "http://127.0.0.1/", "redis://127.0.0.1.example.com/0", "unix:///x"]
)
def test_answers_go_over_a_network_in_secret_only(url):
    with pytest.raises(ConfigError, match="use rediss:// for a server elsewhere"):
        open_shared_answers(url)


def test_without_a_server_nothing_is_shared():
    assert open_shared_answers("") is None
