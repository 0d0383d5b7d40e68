"""Customers by month: against plain SQL, and against somebody who computes with everything that is shown."""

from collections import defaultdict
from datetime import date
from random import Random

import numpy as np
import pytest
from pydantic import TypeAdapter

from api.answers import Answers
from api.customers import Month, complete_months, months_of, shown_cohort, shown_month
from api.rendering import ARROW, CSV
from api.shapes.bodies import Body
from api.shapes.customers import Cohorts, CustomerMonths
from api.suppression import hidden_parts
from api.view import View
from api.windows import Window
from warehouse.scope import EVERYTHING

FEW = 10
MONTHS, COHORTS = "/api/analytics/customers/", "/api/analytics/customers/cohorts/"
BOUGHT = """
select distinct fact_sales.customer_key, date_trunc('month', sale_date)::date as month, segment,
    min(date_trunc('month', sale_date)::date) over (partition by fact_sales.customer_key) as cohort
from analytics.fact_sales join analytics.dim_customer using (customer_key)
join analytics.dim_region on dim_region.region_key = fact_sales.region_key
where not is_return and customer_key > 0 and in_default_totals and {where}
"""


@pytest.fixture(scope="module")
def bought(generation):
    """Who bought in which month, by SQL that knows nothing of the API's."""
    return lambda where="true": generation.rows(BOUGHT.format(where=where))


def counted(rows, *names):
    found = defaultdict(int)
    for row in rows:
        found[tuple(row[name] for name in names)] += 1
    return found


def iso(value):
    return date.fromisoformat(value)


@pytest.mark.parametrize(
    ("members", "where"),
    [((), "true"), ((("region", "United States"),), "country = 'United States'")],
    ids=["everything", "a country"],
)
def test_every_count_that_is_shown_is_that_of_plain_sql(asked_by, bought, members, where):
    client, rows = asked_by("viewer", members), bought(where)
    by_month, by_segment = counted(rows, "month"), counted(rows, "month", "segment")
    by_cohort = counted(rows, "cohort", "month")

    months = client.get(MONTHS).json()
    cohorts = client.get(COHORTS).json()

    TypeAdapter(Body[CustomerMonths]).validate_python(months, strict=True)
    TypeAdapter(Body[Cohorts]).validate_python(cohorts, strict=True)
    assert [row["month"] for row in months["data"]["months"]][:2] == ["2024-01-01", "2024-02-01"]
    assert (months["meta"]["from"], months["meta"]["until"]) == ("2024-01-01", "2025-02-28")
    for row in months["data"]["months"]:
        month = iso(row["month"])
        assert row["customers"] in (None, by_month[(month,)])
        assert row["new"] in (None, by_cohort[(month, month)])
        assert row["repeat"] in (None, by_month[(month,)] - by_cohort[(month, month)])
        for segment, count in row["segments"].items():
            assert count in (None, by_segment[(month, segment)])
    for row in cohorts["data"]["cohorts"]:
        later = [iso(other["cohort"]) for other in cohorts["data"]["cohorts"] if other["cohort"] >= row["cohort"]]
        assert len(row["active"]) == len(row["ratio"]) == len(later)
        for month, count in zip(later, row["active"], strict=True):
            assert count in (None, by_cohort[(iso(row["cohort"]), month)])


def test_the_small_star_has_counts_that_are_shown_and_counts_that_are_not(api):
    months = api.get(MONTHS).json()["data"]["months"]

    assert months[0]["new"] == months[0]["customers"] >= FEW and months[0]["repeat"] == 0
    assert any(row["new"] is None and row["customers"] >= FEW for row in months)
    assert any(None in row["segments"].values() for row in months)
    assert any(count for row in months for count in row["segments"].values())


def test_there_is_nothing_to_choose(api):
    for name in ("days", "from", "region", "months", "segment"):
        assert api.get(MONTHS, params={name: "1"}).status_code == 422


@pytest.mark.parametrize("media", [CSV, ARROW])
def test_as_a_table_it_hides_the_same(api, media):
    table = api.get(COHORTS, headers={"Accept": media})

    assert table.status_code == 200
    if media == CSV:
        lines = table.text.splitlines()
        assert lines[0].lstrip("\ufeff").startswith("cohort,customers,months_since,active,ratio")
        shown = [line.split(",")[3] for line in lines[1:]]
        assert "" in shown and all(not 0 < int(count or 0) < FEW for count in shown)


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2024, 1, 1), date(2025, 3, 20), Window(date(2024, 1, 1), date(2025, 2, 28))),
        (date(2024, 1, 1), date(2025, 3, 31), Window(date(2024, 1, 1), date(2025, 3, 31))),
        (date(2019, 5, 7), date(2025, 3, 20), Window(date(2023, 3, 1), date(2025, 2, 28))),
        (date(2025, 3, 1), date(2025, 3, 20), None),
        (None, None, None),
    ],
    ids=["the last is cut", "the last is whole", "24 at most", "none is whole", "no data"],
)
def test_months_are_those_the_data_covers_to_their_end(first, last, months):
    assert complete_months(first, last) == months


@pytest.mark.parametrize(
    ("counts", "held_back", "hidden"),
    [
        ({"a": 40, "b": 30}, (), set()),
        ({"a": 40, "b": 30, "c": 3}, (), {"c", "b"}),
        ({"a": 40, "b": 4, "c": 3}, (), {"a", "b", "c"}),
        ({"a": 40, "b": 6, "c": 5}, (), {"b", "c"}),
        ({"a": 4, "b": 3}, (), {"a", "b"}),
        ({"a": 40, "b": 3, "c": 0}, (), {"a", "b"}),
        ({"a": 40, "b": 30, "c": 20}, ("a",), {"a", "c"}),
        ({}, (), set()),
    ],
    ids=[
        "none is small",
        "one small one takes the smallest other along",
        "two that are few together",
        "two that are enough together",
        "all of the total",
        "a zero protects nobody",
        "one held back for another reason",
        "nothing",
    ],
)
def test_small_parts_are_hidden_with_as_much_as_it_takes(counts, held_back, hidden):
    assert hidden_parts(counts, FEW, held_back) == hidden


class Reader:
    """Somebody who writes down every number that is shown as an equation over the cells, and solves them."""

    def __init__(self, months):
        self.months = months
        names = [("cohort", month.first, cohort) for month in months for cohort in month.cohorts]
        names += [("segment", month.first, segment) for month in months for segment in month.segments]
        self.place = {name: place for place, name in enumerate(names)}
        self.equations = [np.zeros(len(names))]

    def learn(self, cells):
        row = np.zeros(len(self.place))
        for cell in cells:
            row[self.place[cell]] += 1
        self.equations.append(row)

    def read(self):
        for month in self.months:
            cohorts = [("cohort", month.first, cohort) for cohort in month.cohorts]
            segments = [("segment", month.first, segment) for segment in month.segments]
            # What is zero is known to be: it is shown as zero, or there is no such cell.
            shown = shown_month(month)
            for name, cells in (("customers", cohorts), ("customers", segments), ("new", cohorts), ("repeat", cohorts)):
                if shown[name] is not None:
                    self.learn(
                        [cell for cell in cells if name == "customers" or (cell[2] == month.first) == (name == "new")]
                    )
            for segment, count in shown["segments"].items():
                if count is not None:
                    self.learn([("segment", month.first, segment)])
        for month in self.months:
            since = [later for later in self.months if later.first >= month.first]
            for later, count in zip(since, shown_cohort(month.first, self.months)["active"], strict=True):
                if count is not None and ("cohort", later.first, month.first) in self.place:
                    self.learn([("cohort", later.first, month.first)])
        return self

    def knows(self, plus, minus=()):
        """Whether a sum of cells less others follows from what was read."""
        wanted = np.zeros(len(self.place))
        wanted[[self.place[cell] for cell in plus]] += 1
        wanted[[self.place[cell] for cell in minus]] -= 1
        known = np.array(self.equations)
        return np.linalg.matrix_rank(known) == np.linalg.matrix_rank(np.vstack([known, wanted]))


def small_cells(months):
    """Every cell with few people in it, and every few people who are missing from a cohort, as sums of cells."""
    sizes = {month.first: month.cohorts.get(month.first, 0) for month in months}
    for month in months:
        for kind, counts in (("cohort", month.cohorts), ("segment", month.segments)):
            for part, count in counts.items():
                cell = (kind, month.first, part)
                if 0 < count < FEW:
                    yield [cell], []
                if kind == "cohort" and part is not None and 0 < sizes[part] - count < FEW:
                    yield [("cohort", part, part)], [cell]
        repeat = [("cohort", month.first, cohort) for cohort in month.cohorts if cohort != month.first]
        if 0 < sum(month.cohorts[cell[2]] for cell in repeat) < FEW:
            yield repeat, []


def random_months(seed):
    random, months, firsts = Random(seed), [], [date(2024, number, 1) for number in range(1, 9)]
    sizes = {first: random.choice([3, 12, 30, 60]) for first in firsts}
    for number, first in enumerate(firsts):
        cohorts = {None: random.choice([0, 4, 25])} if number % 2 else {}
        for cohort in firsts[: number + 1]:
            kept = sizes[cohort] if cohort == first else max(0, int(sizes[cohort] * random.choice([0, 0.1, 0.4, 0.9])))
            cohorts[cohort] = kept
        total = sum(cohorts.values())
        library = int(total * random.choice([0, 0.05, 0.5]))
        segments = {"consumer": total - library, "library": library}
        absent = {cohort for cohort, count in cohorts.items() if cohort and 0 < sizes[cohort] - count < FEW}
        months.append(Month(first, cohorts, segments, hidden_parts(cohorts, FEW, absent), hidden_parts(segments, FEW)))
    return months


@pytest.mark.parametrize("seed", range(30))
def test_nobody_can_compute_a_small_cell_from_all_that_is_shown(seed):
    months = random_months(seed)

    reader, small = Reader(months).read(), list(small_cells(months))

    assert small, "a test without a small cell cannot fail"
    assert [cell for cell in small if reader.knows(*cell)] == []


def test_the_reader_who_computes_finds_what_was_hidden_alone():
    months = [
        Month(month.first, month.cohorts, month.segments, {c for c, n in month.cohorts.items() if 0 < n < FEW}, set())
        for month in random_months(3)
    ]

    reader = Reader(months).read()

    assert [cell for cell in small_cells(months) if reader.knows(*cell)]


def test_nobody_can_compute_a_small_cell_of_the_small_star(app, generation):

    answers = Answers(generation, app.state.cache, View("viewer", EVERYTHING, "test"))
    publication = generation.publication
    months = months_of(answers, complete_months(publication.data_from, publication.data_through))

    reader, small = Reader(months).read(), list(small_cells(months))

    assert len(small) > 20
    assert [cell for cell in small if reader.knows(*cell)] == []
