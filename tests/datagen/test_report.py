"""The shape report: what was asked comes out, and what does not is said."""

import io
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datagen.changes.kinds import Simulation
from datagen.changes.simulate import simulate_days
from datagen.files.export import export_shop
from datagen.plan import ShopPlan
from datagen.report.checks import LEAST_SALES, LEAST_YEARS
from datagen.report.profile import profile_of
from datagen.report.reading import TablesInFiles, TablesInShop
from datagen.report.report import report_of
from datagen.shop import generate_shop
from jobs_config.errors import RefusedError
from jobs_config.progress import Progress

PLAN = ShopPlan(sales=LEAST_SALES, years=LEAST_YEARS, until=date(2025, 6, 30))
SMALL = ShopPlan(sales=2_000, years=1, until=date(2025, 6, 30))
DAY, CENT, OLD = 86_400_000_000, pa.scalar(Decimal("0.01")), date(2010, 1, 5)
FIRST_DAY = pa.scalar(PLAN.first_day).cast(pa.timestamp("us"))
QUIET = Progress(io.StringIO(), terminal=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("report") / "shop"
    export_shop(PLAN, made, "parquet", 1, QUIET)
    return made


@pytest.fixture(scope="module")
def report(folder):
    return report_of(PLAN, TablesInFiles(folder, "parquet"))


class Tampered(TablesInFiles):
    """The same files, in which one column of one table is read as something else."""

    def __init__(self, folder, table, column, change):
        super().__init__(folder, "parquet")
        self._table, self._column, self._change = table, column, change

    def pieces(self, table, columns):
        for piece in super().pieces(table, columns):
            if table == self._table and self._column in columns:
                place = piece.column_names.index(self._column)
                changed = self._change(piece.column(self._column))
                piece = piece.set_column(place, self._column, changed.cast(columns[self._column]))
            yield piece


def test_the_smallest_shop_that_is_judged_has_every_shape_that_was_asked_for(report):
    assert [check for check in report.checks if not check.is_met] == []
    assert all(check.is_judged for check in report.checks)
    assert len(report.checks) == 23


def a_day_late(instants):
    return pc.add(instants, pa.scalar(DAY, pa.duration("us")))


def a_day_early(instants):
    return pc.max_element_wise(pc.subtract(instants, pa.scalar(DAY, pa.duration("us"))), FIRST_DAY)


def tuesdays_on_monday(instants):
    is_tuesday = pc.equal(pc.day_of_week(instants), 1)
    return pc.if_else(is_tuesday, pc.subtract(instants, pa.scalar(DAY, pa.duration("us"))), instants)


@pytest.mark.parametrize(
    ("table", "column", "change", "missed"),
    [
        ("sales_sale", "created_at", a_day_late, "lines that arrive within 0 days"),
        ("sales_sale", "sold_at", tuesdays_on_monday, "store: weekday farthest from its share, by"),
        ("sales_sale", "sold_at", a_day_early, "lines sold before publication or after their arrival"),
        ("sales_sale", "unit_price", lambda price: pc.add(price, CENT), "retail prices that end in .95 or .99"),
        ("sales_sale", "id", pc.negate, "ids in order of arrival (1 is yes)"),
        ("sales_sale", "quantity", pc.abs, "returns among rows"),
        ("books_book", "isbn13", lambda isbn: pc.replace_substring_regex(isbn, "^97", "98"), "valid ISBNs"),
        (
            "books_book",
            "format",
            lambda form: pa.array(["hardcover"] * len(form)),
            "trade paperbacks among printed units",
        ),
        ("books_book", "published_on", lambda day: pa.array([OLD] * len(day)), "units in a book's first 365 days"),
    ],
    ids=[
        "a day late",
        "Tuesdays",
        "before publication",
        "endings",
        "ids",
        "no returns",
        "ISBNs",
        "only hardcovers",
        "old books",
    ],
)
def test_a_shape_that_did_not_come_out_is_told(folder, table, column, change, missed):
    found = report_of(PLAN, Tampered(folder, table, column, change))

    assert missed in [check.name for check in found.checks if not check.is_met]
    assert not found.is_met
    assert "class=missed" in found.page


def test_rows_that_are_missing_are_told(folder, tmp_path):
    class Halved(TablesInFiles):
        def pieces(self, table, columns):
            for piece in super().pieces(table, columns):
                yield piece.slice(0, piece.num_rows // 2) if table == "sales_sale" else piece

    first = report_of(PLAN, Halved(folder, "parquet")).checks[0]

    assert (first.name, first.is_met) == ("rows of sales_sale", False)


def test_the_page_stands_alone_and_shows_every_check_and_chart(report):
    assert all(check.name in report.page.replace("&#x27;", "'") for check in report.checks)
    assert "all 23 checks are met" in report.page
    assert report.page.count("<svg") == 12
    assert "http" not in report.page


def test_a_small_shop_is_shown_and_not_judged_where_chance_rules(tmp_path):
    export_shop(SMALL, tmp_path / "shop", "parquet", 1, QUIET)

    found = report_of(SMALL, TablesInFiles(tmp_path / "shop", "parquet"))

    assert found.is_met
    assert "too few to judge" in {str(check["verdict"]) for check in found.values}


def same(first, second):
    pairs = ((vars(first)[name], vars(second)[name]) for name in vars(first))
    return all(np.array_equal(one, other) for one, other in pairs)


def test_a_shop_has_one_profile_wherever_it_is(tmp_path, shop_database):
    generate_shop(shop_database, SMALL, QUIET)
    for format_ in ("parquet", "csv"):
        export_shop(SMALL, tmp_path / format_, format_, 1, QUIET)

    in_shop = profile_of(SMALL, TablesInShop(shop_database))

    assert in_shop.rows == SMALL.sales
    for format_ in ("parquet", "csv"):
        assert same(profile_of(SMALL, TablesInFiles(tmp_path / format_, format_)), in_shop), format_


def test_a_shop_that_went_on_is_not_held_against_its_plan(shop_database):
    generate_shop(shop_database, SMALL, QUIET)
    simulate_days(shop_database, Simulation(), QUIET)

    with pytest.raises(RefusedError, match="went on after it was generated"):
        report_of(SMALL, TablesInShop(shop_database))
