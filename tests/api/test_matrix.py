"""The permission matrix, cell by cell: every role x endpoint x column x scope, against plain SQL that knows nothing of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from plain_sql import plain_totals
from small_star import BOOKS, FIRST_DAY, LAST_DAY, PUBLISHERS

from api.app import routes
from api.params import ASKABLE_METRICS, FILTERS, RANKED_BY
from api.params import MEMBERS as MEMBER_COLUMNS
from api.rendering import ARROW, CSV, XLSX
from warehouse.books import COLUMNS
from warehouse.permissions import load_permissions
from warehouse.semantic import load_model

MODEL = load_model()
PERMISSIONS = load_permissions()
ALL = {"from": FIRST_DAY.isoformat(), "until": LAST_DAY.isoformat()}
RANKINGS = ("top-books", "sales-by-region", "sales-by-genre", "regions", "genres")
COSTLY = {"cost", "margin", "margin_ratio"}
FEW = 10

# Members as an account has them, and the same lines by plain SQL.
SCOPES = {
    "everything": ((), "true"),
    "a country": ((("region", "United Kingdom"),), "country = 'United Kingdom'"),
    "a region": ((("region", "United Kingdom / London"),), "country = 'United Kingdom' and region = 'London'"),
    "two places": (
        (("region", "Germany"), ("region", "United States / Midwest")),
        "(country = 'Germany' or region = 'Midwest')",
    ),
    "a publisher": ((("publisher", "Harbour House"),), "publisher = 'Harbour House'"),
    "an imprint": ((("publisher", "Harbour House / Lantern Press"),), "imprint = 'Lantern Press'"),
    "a country's books of a publisher": (
        (("region", "United States"), ("publisher", "Meridian Books")),
        "country = 'United States' and publisher = 'Meridian Books'",
    ),
    "nowhere": ((("region", "Atlantis"),), "false"),
    "a region of another country": ((("region", "Germany / London"),), "false"),
}


@dataclass
class Cell:
    """Somebody of a role and scope, and what they must see."""

    role: str
    where: str
    client: object

    @property
    def metrics(self):
        return [name for name in MODEL.metrics if self.role != "viewer" or name not in COSTLY]

    def ask(self, path, **parameters):
        answer = self.client.get(f"/api/analytics/{path}/", params={**ALL, **parameters})
        assert answer.status_code == 200, (path, parameters, answer.text)
        return answer.json()["data"]

    def status(self, path, headers=None, **parameters):
        return self.client.get(f"/api/analytics/{path}/", params={**ALL, **parameters}, headers=headers).status_code


def cells():
    """Every role and scope. Engineers and administrators see what analysts see, so most of theirs are left to the slow run, and
    so are the scopes that others are much like."""
    for role in PERMISSIONS.roles:
        for name in SCOPES:
            is_much_like = name in ("a country", "two places", "an imprint", "a region of another country")
            is_slow = is_much_like or (role in ("engineer", "admin") and name != "a country's books of a publisher")
            yield pytest.param((role, name), id=f"{role} sees {name}", marks=[pytest.mark.slow] if is_slow else [])


@pytest.fixture(scope="module", params=cells())
def cell(request, asked_by):
    role, name = request.param
    members, where = SCOPES[name]
    return Cell(role, f"in_default_totals and {where}", asked_by(role, members))


@pytest.fixture(scope="module")
def expected(generation):
    """Plain totals, each computed once."""
    known = {}

    def totals(where, by="", first=FIRST_DAY, last=LAST_DAY):
        key = (where, by, first, last)
        if key not in known:
            known[key] = plain_totals(generation, first, last, by, where)
        return known[key]

    return totals


def close(value):
    return pytest.approx(float(value), abs=6e-5) if value is not None else None


NOTHING = {name: None if "/" in MODEL.metrics[name].formula else 0 for name in MODEL.metrics}


def same(found, wanted, names):
    wanted = wanted or NOTHING
    for name in names:
        if name == "customers" and 0 < wanted[name] < FEW:
            assert found[name] is None
        else:
            value = float(found[name]) if isinstance(found[name], Decimal) else found[name]
            assert value == close(wanted[name]), name


def test_the_summary_has_every_column_in_sight_over_the_rows_in_sight_and_no_other(cell, expected):
    current = cell.ask("summary")["current"]

    assert set(current) == {*cell.metrics, "suppressed"}
    same(current, expected(cell.where).get(None), cell.metrics)


def test_a_series_of_every_column_in_sight_is_of_the_rows_in_sight(cell, expected):
    names = [name for name in cell.metrics if name in ASKABLE_METRICS]
    wanted = expected(cell.where, "month")

    for bucket in cell.ask("timeseries", interval="month", metrics=names)["buckets"]:
        same(bucket["metrics"], wanted.get(date.fromisoformat(bucket["start"])), names)


@pytest.mark.parametrize("path", RANKINGS)
def test_every_ranking_by_every_column_adds_up_to_the_rows_in_sight_or_is_refused(cell, expected, path):
    total = expected(cell.where).get(None)
    for measure in RANKED_BY:
        if measure not in cell.metrics:
            assert cell.status(path, measure=measure) == 403
            continue
        data = cell.ask(path, measure=measure, limit=3)
        listed = sum(row[measure] for row in data["rows"])
        assert data["total"][measure] == close(total[measure] if total else 0), measure
        assert listed + data["other"][measure] == pytest.approx(data["total"][measure])
        assert set(data["total"]) & COSTLY == {measure} & COSTLY


@pytest.mark.parametrize(
    ("path", "parameters", "by"),
    [
        ("sales-by-region", {"level": "country"}, "country"),
        ("sales-by-region", {"level": "region"}, "region"),
        ("sales-by-region", {"level": "store"}, "store"),
        ("sales-by-genre", {"level": "genre"}, "genre"),
        ("sales-by-genre", {"level": "subgenre"}, "subgenre"),
    ],
)
def test_members_are_those_with_rows_in_sight(cell, expected, path, parameters, by):
    rows = cell.ask(path, limit=100, **parameters)["rows"]

    wanted = {member: float(totals["net_revenue"]) for member, totals in expected(cell.where, by).items()}
    assert {row[by]: row["net_revenue"] for row in rows} == wanted


def test_books_are_those_with_rows_in_sight(cell, expected):
    rows = cell.ask("top-books", limit=100)["rows"]

    wanted = {
        f"97800000000{book_id:02d}" if book_id else None: float(totals["net_revenue"])
        for book_id, totals in expected(cell.where, "book_id").items()
    }
    assert {row["isbn13"]: row["net_revenue"] for row in rows} == wanted


@pytest.mark.parametrize("dimension", MODEL.dimensions)
def test_every_column_by_every_dimension_is_of_the_rows_in_sight(cell, expected, dimension):
    metrics = [name for name in cell.metrics if name in ASKABLE_METRICS]
    answer = cell.client.post(
        "/api/analytics/query/", json={**ALL, "metrics": metrics, "dimensions": [dimension], "limit": 1000}
    )
    if cell.role == "viewer":
        assert answer.status_code == 403
        return
    wanted = expected(cell.where, dimension)
    found = {row[dimension]: row for row in answer.json()["data"]["rows"]}

    assert set(found) == {member.isoformat() if hasattr(member, "isoformat") else member for member in wanted}
    for member, totals in wanted.items():
        same(found[member.isoformat() if hasattr(member, "isoformat") else member], totals, metrics)


@pytest.mark.parametrize("by", MEMBER_COLUMNS)
def test_a_breakdown_has_every_column_in_sight_of_the_members_in_sight(cell, expected, by):
    metrics = [name for name in cell.metrics if name in ASKABLE_METRICS]
    for name in set(ASKABLE_METRICS) - set(metrics):
        assert cell.status("breakdown", by=by, metrics=name) == 403
    wanted = expected(cell.where, by)

    data = cell.ask("breakdown", by=by, metrics=metrics, limit=1000)

    assert {row["members"][by] for row in data["rows"]} == set(wanted)
    for row in data["rows"]:
        same(row["metrics"], wanted[row["members"][by]], metrics)
    same(data["total"]["metrics"], expected(cell.where).get(None), metrics)


@pytest.mark.parametrize("by", ["region", "genre", "publisher", "book"])
def test_movers_are_of_the_rows_in_sight_and_add_up(cell, expected, by):
    middle = date(2024, 9, 1)
    now = expected(cell.where, first=middle, last=LAST_DAY).get(None) or NOTHING
    days = {"from": middle.isoformat(), "until": LAST_DAY.isoformat()}
    first = middle - (LAST_DAY - middle) - timedelta(days=1)
    then = expected(cell.where, first=first, last=middle - timedelta(days=1)).get(None) or NOTHING
    for measure in RANKED_BY:
        if measure not in cell.metrics:
            assert cell.status("movers", by=by, measure=measure) == 403
            continue
        data = cell.client.get(
            "/api/analytics/movers/", params={**days, "by": by, "measure": measure, "limit": 2}
        ).json()["data"]
        parts = [*data["gains"], *data["losses"], data["other"]]
        assert data["total"]["current"] == close(now[measure])
        assert data["total"]["previous"] == close(then[measure])
        assert sum(part["change"] for part in parts) == pytest.approx(float(now[measure] - then[measure]))


def test_books_are_found_and_compared_within_what_is_in_sight(cell, expected):
    found = {
        row["isbn13"]
        for row in cell.client.get("/api/analytics/books/", params={"search": "00000", "limit": 50}).json()["data"]
    }
    listed = cell.client.get("/api/analytics/members/", params={"of": "book", "limit": 50}).json()["data"]["book"]

    assert found == set(listed["members"])
    for isbn13 in ("9780000000003", "9780000000010"):
        answer = cell.client.get(f"/api/analytics/books/{isbn13}/comparables/")
        assert answer.status_code == (200 if isbn13 in found else 422)
        if isbn13 in found:
            assert {book["isbn13"] for book in answer.json()["data"]["books"]} <= found


MEMBERS = {
    "region": ["London", "Midwest"],
    "country": ["Germany", "United Kingdom"],
    "publisher": ["Harbour House", "Meridian Books"],
    "imprint": ["Lantern Press", "Meridian Books"],
    "genre": ["Fiction", "Children"],
    "format": ["ebook", "hardcover"],
    "channel": ["App", "Book shops"],
    "source": ["bookstore", "legacy_csv"],
    "store": ["Munich, Isar", "Boston, Newbury Street"],
    "subgenre": ["Crime", "History"],
    "book": ["9780000000003", "9780000000010"],
    "author": ["Tom Brannigan", "Otis Grey"],
}
PLAIN = {
    "book": "book_id = cast(right('{}', 2) as bigint)",
    "author": "(book_source, book_id) in (select source, book_id from analytics.dim_book where author_names like '%{}%')",
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_narrows_what_is_in_sight_and_knows_no_member_out_of_sight(cell, expected, name):
    assert set(MEMBERS) == set(FILTERS)
    absent = cell.client.get("/api/analytics/summary/", params={**ALL, name: "9780000000777"})
    assert absent.status_code == 422
    for member in MEMBERS[name]:
        answer = cell.client.get("/api/analytics/summary/", params={**ALL, name: member})
        if answer.status_code == 422:
            # In the same words as what is nowhere, and nothing of it would have been seen.
            alike = absent.json()["detail"].replace("9780000000777", member)
            assert answer.json()["detail"] == alike
            assert narrowed(expected, cell, name, member) is None
        else:
            same(answer.json()["data"]["current"], narrowed(expected, cell, name, member), cell.metrics)


@pytest.mark.parametrize("name", ["country", "region", "store", "publisher", "imprint"])
def test_members_of_a_filter_are_those_that_it_takes(cell, name):
    listed = cell.client.get("/api/analytics/members/", params={"of": name, "limit": 1000}).json()["data"][name]

    assert listed["is_truncated"] is False
    for member in MEMBERS[name]:
        is_taken = cell.client.get("/api/analytics/summary/", params={**ALL, name: member}).status_code == 200
        assert is_taken == (member in listed["members"])


def narrowed(expected, cell, name, member):
    condition = PLAIN.get(name, f"{name} = '{{}}'").format(member)
    where = cell.where.replace("in_default_totals and", "") if name == "source" else cell.where
    return expected(f"{where} and {condition}").get(None)


@pytest.mark.parametrize("media", [CSV, XLSX, ARROW])
def test_an_export_has_the_same_columns_and_rows(cell, expected, media):
    hidden = sorted(set(MODEL.metrics) - set(cell.metrics))
    for name in hidden:
        assert cell.status("timeseries", {"Accept": media}, metrics=name) == 403
    answer = cell.client.get("/api/analytics/summary/", params=ALL, headers={"Accept": media})

    assert answer.headers["content-type"].startswith(media)
    if media == ARROW:
        table = pa.ipc.open_stream(answer.content).read_all()
        assert set(table.column_names) == {"window", *cell.metrics}
        same(table.to_pylist()[0], expected(cell.where).get(None), cell.metrics)
    if media == CSV:
        assert {name for name in MODEL.metrics if f",{name}," in answer.text.splitlines()[0]} == set(cell.metrics)


def test_a_books_page_is_there_where_the_book_is_in_sight_and_shows_its_cost_to_those_who_may(cell, generation):
    publishers = cell.where.partition("publisher =")[2] or cell.where.partition("imprint =")[2]
    for book_id, _, _, publisher_key, *_ in BOOKS:
        in_sight = (
            not publishers
            or f"'{PUBLISHERS[publisher_key - 1][1 if 'publisher =' in cell.where else 2]}'" in publishers
        )
        answer = cell.client.get(f"/api/analytics/books/97800000000{book_id:02d}/", params=ALL)
        assert (answer.status_code == 200) == in_sight
        if in_sight:
            book = answer.json()["data"]["book"]
            assert set(book) == {name for name in COLUMNS if name != "unit_cost" or cell.role != "viewer"}


def test_the_way_down_ends_where_sight_does(cell, expected):
    for path, name in [("regions", "country"), ("genres", "genre")]:
        for member in MEMBERS[name]:
            answer = cell.client.get(f"/api/analytics/{path}/{member}/", params=ALL)
            wanted = narrowed(expected, cell, name, member)
            if answer.status_code == 422:
                assert wanted is None
            else:
                assert answer.json()["data"]["total"]["net_revenue"] == close(wanted["net_revenue"] if wanted else 0)


def test_the_dictionary_lists_what_is_in_sight(cell):
    listed = cell.client.get("/api/analytics/metrics/").json()

    assert [metric["name"] for metric in listed["metrics"]] == cell.metrics
    assert set(cell.client.get("/api/auth/me/").json()["metrics"]) == set(cell.metrics)


# What is out of sight cannot be learnt by any part of a question.


@pytest.mark.parametrize("column", sorted(COSTLY))
@pytest.mark.parametrize(
    ("path", "clause", "status"),
    [
        ("timeseries", "metrics", 403),
        ("top-books", "measure", (403, 422)),
        ("sales-by-region", "measure", (403, 422)),
        ("summary", "", 422),
        ("timeseries", "interval", 422),
        ("sales-by-genre", "level", 422),
    ],
    ids=["selected", "sorted by", "sorted by, elsewhere", "filtered", "grouped by", "grouped by, elsewhere"],
)
def test_a_hidden_column_is_refused_in_every_clause_of_a_viewers_question(api, path, clause, column, status):
    answer = api.get(f"/api/analytics/{path}/", params={clause: column} if clause else {column: "1"})

    assert answer.status_code in (status if isinstance(status, tuple) else (status,))
    assert "data" not in answer.json()


@pytest.mark.parametrize("name", PERMISSIONS.never)
@pytest.mark.parametrize("clause", ["metrics", "dimensions", "filters", "order_by"])
def test_what_nobody_may_see_cannot_be_named(asked_by, name, clause):
    question = {"metrics": ["net_units"], "dimensions": ["genre"]}
    named = {"filters": {name: ["1"]}, "order_by": name}.get(clause, [name])

    answer = asked_by("admin").post("/api/analytics/query/", json={**question, clause: named})

    assert answer.status_code == 422


def test_a_new_column_is_seen_by_nobody_until_the_matrix_names_it():
    wider = MODEL.model_copy(update={"metrics": {**MODEL.metrics, "royalties": MODEL.metrics["cost"]}})

    assert [role for role in PERMISSIONS.roles if "royalties" in PERMISSIONS.metrics_of(role, wider)] == []


def test_every_endpoint_that_answers_numbers_is_in_this_matrix():
    named = {route.name for route in routes() if route.path.startswith("/api/analytics/")}

    # Customers' are in test_customers.py, sql's in test_sql.py.
    others = {"breakdown", "movers", "members", "find-books", "comparables", "customers", "customer-cohorts", "sql"}
    # Events are feasts, the same for all. The last starts a job and shows no number.
    assert named - others == {
        *RANKINGS,
        "summary",
        "timeseries",
        "query",
        "book",
        "metrics",
        "events",
        "generate-test-data",
    }
