from datetime import UTC, datetime

import pytest

from spark_jobs.write_totals import judged, measured
from warehouse.contract import Contract

READ_AT = datetime(2024, 5, 1, 6, tzinfo=UTC)


def contract(**expectation) -> Contract:
    return Contract(
        table="silver.sales", grain="one row per line", key=("sale_id",), columns={"sale_id": {"type": "bigint", "meaning": "id"}},
        expectations={"like_before": {"level": "stop", "meaning": "as ever", **expectation}},
    )  # fmt: skip


VOLUME = contract(history="1", change=0.5, score=6)


def is_strange(value, earlier, of=VOLUME):
    (found,) = judged(of, {"like_before": str(value)}, {"like_before": [str(each) for each in earlier]}, READ_AT)
    assert (found.level, found.checked_rows) == ("stop", 1)
    assert bool(found.detail) == bool(found.failed_rows)
    return found.detail


@pytest.mark.parametrize(
    ("value", "earlier", "said"),
    [
        (1000, [], ""),
        (1400, [1000], ""),
        (600, [1000], ""),
        (400, [1000], "400.00 where 1,000.00 was usual: a change of 60%, limit 50%"),
        (0, [1000, 1000], "0.00 where 1,000.00 was usual: a change of 100%"),
        (5, [0], "5.00 where 0.00 was usual: a change of inf%"),
        (0, [0], ""),
        (1500, [1000] * 5, ""),
        (1501, [1000] * 5, "and inf robust deviations, limit 6"),
        (2000, [400, 1000, 1600, 700, 1300], ""),
        (1100, [900, 1000, 1100, 950, 1050, 5000], ""),
        (10_000, [900, 1000, 1100, 950, 1050, 5000], "10,000.00 where 1,025.00 was usual: a change of 876%"),
        (10, [900, 1000, 1100, 950, 1050], "robust deviations"),
    ],
    ids=[
        "nothing to compare with",
        "a little more",
        "a little less",
        "less than half",
        "nothing at all",
        "something after nothing",
        "nothing after nothing",
        "as much more as may be than always the same",
        "a hair more than that",
        "twice as many where that is nothing new",
        "as many as ever, with an outlier before",
        "ten times as many",
        "nearly none",
    ],
)
def test_a_measure_is_held_against_earlier_runs(value, earlier, said):
    detail = is_strange(value, earlier)

    assert said in detail
    assert bool(said) == bool(detail)


def test_sixty_ordinary_days_are_no_anomaly_and_a_planted_one_is():
    # A week's rhythm, growth, and a holiday; the planted ones are half and ten times a day.
    days = [1000 + 3 * day + (400 if day % 7 in (5, 6) else 0) + (day * 37) % 60 for day in range(60)]

    false_alarms = [day for day in range(5, 60) if is_strange(days[day], days[max(0, day - 30) : day])]
    found = [day for day in range(35, 60) if is_strange(days[day] * 10, days[day - 30 : day])]

    assert false_alarms == []
    assert len(found) == 25


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        ("2024-04-30 20:00:00", ""),
        ("2024-04-28 06:00:00", ""),
        ("2024-04-28 05:59:59", "the newest is of 2024-04-28 05:59 UTC, more than 72 hours before the source was read"),
        ("2024-05-02 00:00:00", ""),
    ],
)
def test_the_newest_row_may_be_so_old_and_no_older(newest, said):
    assert is_strange(newest, [], contract(newest="sold_at", within_hours=72)) == said


def test_a_measure_that_could_not_be_taken_is_left_out_and_of_old_files_nobody_expects_new_rows():
    fresh = contract(newest="sold_at", within_hours=72)

    assert measured(VOLUME, {"measure_like_before": None}) == {}
    assert measured(VOLUME, {"measure_like_before": "7"}, is_live=False) == {"like_before": "7"}
    assert measured(fresh, {"measure_like_before": "2024-05-01"}, is_live=False) == {}
