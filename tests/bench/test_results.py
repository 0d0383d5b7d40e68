"""What results have in common."""

from bench.results import spread


def test_a_spread_is_of_all_of_them_and_of_one():
    told = spread([10.0 * number for number in range(1, 101)])

    assert told == {"p50": 505.0, "p95": 950.5, "p99": 990.1, "longest": 1000.0, "count": 100}
    assert spread([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "longest": 7.0, "count": 1}
