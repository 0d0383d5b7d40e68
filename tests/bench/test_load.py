"""The bench of many readers, with few of them for seconds: it tells of requests that were really answered."""

from small_star import published_once

from bench.load import Asked, run


def test_readers_of_all_pages_are_answered_and_their_times_are_told(tmp_path, monkeypatch):
    home = published_once(tmp_path / "booksales").parent
    monkeypatch.setenv("BOOKSALES_HOME", str(home))

    told = run(home, Asked(readers=3, think_seconds=0.1, seconds=2))

    assert told["unexplained"] == []
    assert set(told["statuses"]) == {"200"}
    assert told["statuses"]["200"] == told["milliseconds"]["count"] == told["requests"] > 10
    assert 0 < told["milliseconds"]["p50"] <= told["milliseconds"]["p95"] <= told["milliseconds"]["longest"]
    assert told["health_milliseconds"]["count"] > 0
    assert told["cpu_seconds"]["api"] > 0 < told["cpu_seconds"]["driver"]
    assert told["peak_mb"] >= told["idle_mb"] > 20
    # One generation is kept, so there is nothing to swap.
    assert (told["swaps"], told["publications_answered"]) == (0, 1)
