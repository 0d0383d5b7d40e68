"""`POST /api/analytics/sql/`: who may ask, what they see, and that it behaves as every other question does."""

import csv
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from plain_sql import plain_totals
from pydantic import TypeAdapter
from signed_in import bearer
from small_star import FIRST_DAY, LAST_DAY, publish_star, tables

from api.app import close, create_app
from api.rendering import ARROW, CSV, XLSX
from api.shapes.sql import SqlBody
from api.sql.sandbox import Bounds, Sandbox
from jobs_config.settings import Settings
from warehouse.embedded.generations import serving_file

SQL = "/api/analytics/sql/"
BASE = "http://127.0.0.1:8600"
BY_REGION = (
    "select region, sum(net_reporting_amount) as net, sum(cost_reporting_amount) as cost, count(*) as lines "
    "from fact_sales join dim_region using (region_key) where in_default_totals group by region order by region"
)
SCOPES = {
    "everything": ((), "true"),
    "a country": ((("region", "United Kingdom"),), "country = 'United Kingdom'"),
    "an imprint": ((("publisher", "Harbour House / Lantern Press"),), "imprint = 'Lantern Press'"),
    "a country's books of a publisher": (
        (("region", "United States"), ("publisher", "Meridian Books")),
        "country = 'United States' and publisher = 'Meridian Books'",
    ),
    "nowhere": ((("region", "Atlantis"),), "false"),
}
NARROWED = {
    "a hidden member": "select count(*) as n from dim_region where region = 'Midwest'",
    "a join that widens": "select count(*) as n from dim_store s, dim_region r where r.country <> 'Germany'",
    "a subquery": "select (select count(*) from fact_sales f join dim_region r using (region_key) where r.country <> 'Germany') as n",
    "a CTE of a table's name":
        "with fact_sales as (select * from fact_sales) select count(*) as n from fact_sales "
        "join dim_region using (region_key) where country <> 'Germany'",
    "a union":
        "select count(*) as n from (select country from dim_region union all select country from sales_by_region) as a "
        "where country <> 'Germany'",
    "a view": "select count(*) as n from sales_by_region where country <> 'Germany'",
    "a rollup": "select count(*) as n from rollup_sales_daily as r where region_key not in (select region_key from dim_region)",
    "an outer join":
        "select count(*) as n from fact_sales f full join dim_region r using (region_key) "
        "where r.country <> 'Germany' or r.country is null",
    "exists": "select count(*) as n from dim_date where exists (select 1 from dim_region where country <> 'Germany')",
    "in quotes": 'select count(*) as n from "analytics"."dim_store" where "store" not like \'Munich%\'',
}  # fmt: skip


def ask(client, sql, **more):
    return client.post(SQL, json={"sql": sql, **more})


def rows(client, sql, **more):
    answer = ask(client, sql, **more)
    assert answer.status_code == 200, answer.text
    TypeAdapter(SqlBody).validate_python(answer.json(), strict=True, extra="forbid")
    return answer.json()["data"]["rows"]


@pytest.fixture(scope="module")
def analyst(asked_by):
    return asked_by("analyst")


@pytest.mark.parametrize("scope", SCOPES)
def test_sums_are_those_of_the_rows_in_sight(asked_by, generation, scope):
    members, where = SCOPES[scope]

    found = rows(asked_by("analyst", members), BY_REGION)

    expected = plain_totals(generation, FIRST_DAY, LAST_DAY, "region", f"in_default_totals and {where}")
    assert {row["region"]: (row["net"], row["cost"]) for row in found} == {
        region: (float(totals["net_revenue"]), float(totals["cost"])) for region, totals in expected.items()
    }


@pytest.mark.parametrize("name", NARROWED)
def test_what_is_out_of_sight_cannot_be_reached(asked_by, name):
    narrowed, everything = asked_by("analyst", (("region", "Germany"),)), asked_by("analyst")

    assert rows(narrowed, NARROWED[name]) == [{"n": 0}]
    # A control: there is something to be reached.
    assert name == "a rollup" or rows(everything, NARROWED[name]) != [{"n": 0}]


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("analyst", 200), ("engineer", 200), ("admin", 200)], ids=str
)
def test_it_is_for_analysts_and_those_above(asked_by, role, status):
    assert ask(asked_by(role), "select 1 as one").status_code == status


def test_it_is_for_nobody_without_a_token(nobody):
    assert ask(nobody, "select 1 as one").status_code == 401


@pytest.mark.parametrize(
    ("sql", "status", "said"),
    [
        ("select customer_key from fact_sales", 403, "the role analyst may not see customer_key of fact_sales"),
        ("select * from dim_customer", 403, "the role analyst may not see dim_customer; there are fact_sales"),
        ("select read_text('/etc/passwd')", 422, "sql: no function read_text; there are abs"),
        ("drop table fact_sales", 422, "sql: is a DROP; a question is one SELECT"),
        ("select region from dim_region group by country", 422, "must appear in the GROUP BY clause"),
        ("select repeat from dim_region", 422, "sql: no column 'repeat'; dim_region has region_key"),
        ("", 422, "sql: String should have at least 1 character"),
        ("select 1 as a" + " " * 10_000, 422, "sql: String should have at most 10000 characters"),
        ("select '\0' as a", 422, "sql: holds a NUL character"),
        ("select 'a", 422, "sql: cannot be read"),
    ],
)
def test_a_refusal_is_a_problem_that_says_what_would_do(analyst, sql, status, said):
    answer = ask(analyst, sql)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert status == 403 or answer.json()["errors"][0]["parameter"] == "sql"


def test_half_a_character_is_refused_and_any_whole_one_comes_back(analyst):
    half = analyst.post(
        SQL, content=rb'{"sql": "select \'\ud800\' as a"}', headers={"Content-Type": "application/json"}
    )

    assert half.status_code == 422
    assert rows(analyst, "select 'Ünïcödé 📚 ﬁ ſ' as a") == [{"a": "Ünïcödé 📚 ﬁ ſ"}]


@pytest.mark.parametrize("more", [{"limit": 0}, {"limit": 10_001}, {"limit": "x"}, {"days": 30}])
def test_a_parameter_out_of_range_is_refused_by_name(analyst, more):
    answer = ask(analyst, "select 1 as a", **more)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == next(iter(more))


def test_nothing_is_cut_in_silence(analyst):
    answer = ask(analyst, "select channel from dim_channel order by 1", limit=2).json()["data"]

    assert len(answer["rows"]) == 2
    assert answer["is_truncated"] is True
    assert answer["columns"] == [{"name": "channel", "type": "VARCHAR"}]


def test_the_answer_says_what_it_is_of(asked_by):
    answer = ask(asked_by("analyst", (("region", "Germany"),)), "select count(*) as n from sales_by_day")

    assert answer.headers["X-Data-Version"] == "1"
    assert answer.json()["meta"] == {
        "scope": {"regions": ["Germany"], "publishers": []},
        "data_from": FIRST_DAY.isoformat(),
        "data_through": LAST_DAY.isoformat(),
        "loaded_at": "2025-03-21T06:30:00+00:00",
        "publication": 1,
        "currency": "USD",
        "time_zone": "UTC",
        "answered_by": ["sales_by_day"],
    }


def test_a_publication_that_is_gone_is_410(analyst):
    assert analyst.post(SQL, json={"sql": "select 1 as a"}, headers={"X-Data-Version": "7"}).status_code == 410
    assert analyst.post(SQL, json={"sql": "select 1 as a"}, headers={"X-Data-Version": "1"}).status_code == 200


@pytest.mark.parametrize("media", [CSV, XLSX, ARROW])
def test_it_is_exported_as_other_answers_are(analyst, media):
    answer = analyst.post(
        SQL, json={"sql": "select '=1+1' as \"@x\", 2.50 as money, date '2024-01-02' as day"}, headers={"Accept": media}
    )

    assert answer.headers["content-type"].startswith(media)
    assert 'filename="sql_1.' in answer.headers["content-disposition"]
    if media == CSV:
        (line,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert (line["'@x"], line["money"], line["day"]) == ("'=1+1", "2.50", "2024-01-02")
        assert (line["meta_publication"], line["meta_is_truncated"]) == ("1", "false")
    if media == ARROW:
        table = pa.ipc.open_stream(answer.content).read_all()
        assert table.column_names == ["@x", "money", "day"]


def test_an_export_without_a_row_has_its_columns(analyst):
    answer = analyst.post(
        SQL, json={"sql": "select channel, code from dim_channel where false"}, headers={"Accept": CSV}
    )

    assert answer.content.decode("utf-8-sig").startswith("channel,code,meta_scope")


def test_the_same_question_is_run_once_for_all_who_see_the_same_and_again_for_others(app, asked_by):
    question = "select sum(quantity) as kept from fact_sales"
    first, second = asked_by("analyst"), asked_by("engineer")
    before = app.state.cache.counts.misses
    rows(first, question)
    rows(second, f"{question} -- the same")
    rows(asked_by("analyst", (("region", "Germany"),)), question)
    rows(first, question, limit=5)

    # The engineer sees what the analyst sees; another scope and another limit are other answers.
    assert app.state.cache.counts.misses - before == 3


def test_the_audit_has_columns_rows_and_publication_and_no_text_of_the_question(app, asked_by):
    rows(asked_by("analyst"), "select channel, 'a secret of mine' as note from dim_channel")

    found = asked_by("admin").get("/api/audit/", params={"endpoint": "sql", "limit": 5})

    entry = next(entry for entry in found.json()["entries"] if entry["columns"] == ["channel"])
    assert (entry["row_count"], entry["publication"], entry["decision"]) == (5, 1, "allowed")
    assert "secret of mine" not in found.text


def small(own_state, **settings):
    return create_app(own_state, Settings(**settings))


def test_a_question_that_takes_too_long_is_504_and_one_that_takes_too_much_is_422(own_state, tmp_path):
    publish_star(own_state.warehouse, tmp_path / "lake", tables())
    app = small(own_state, sql_seconds=1.5)
    client = TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "analyst"))

    long = ask(client, "select sum(a.quantity) as n from fact_sales a, fact_sales b, fact_sales c, fact_sales d")
    app.state.sandbox = Sandbox(Bounds(30, 64, 1))
    much = ask(
        client,
        "select string_agg(concat(a.title, b.title, c.title, d.title, e.author_names), '') as t "
        "from dim_book a, dim_book b, dim_book c, dim_book d, dim_book e",
    )
    close(app)

    assert (long.status_code, long.json()["type"]) == (504, "urn:booksales:problem:took-too-long")
    assert "longer than 1.5 s" in long.json()["detail"]
    assert (much.status_code, much.json()["type"]) == (422, "urn:booksales:problem:too-costly")
    assert "more than 64 MB" in much.json()["detail"]


def test_many_slow_questions_are_told_to_come_back_while_others_are_answered(own_state, tmp_path):
    publish_star(own_state.warehouse, tmp_path / "lake", tables())
    app = small(own_state, sql_seconds=3, sql_at_once=1)
    client = TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "analyst"))
    slow = "select sum(a.quantity) as n from fact_sales a, fact_sales b, fact_sales c, fact_sales d"
    # All but the first wait for its answer, or would.
    with client, ThreadPoolExecutor(9) as pool:
        asked = [pool.submit(ask, client, slow) for _ in range(8)]
        other = pool.submit(client.get, "/api/analytics/summary/?days=7")
        answers = [answer.result() for answer in asked]
    close(app)

    found = Counter(answer.status_code for answer in answers)
    assert (found[504] + found[503], found[504] >= 1, found[503] >= 5) == (8, True, True)
    assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 503} == {"5"}
    assert other.result().status_code == 200


def test_a_publication_of_an_earlier_version_has_no_file_for_it_and_says_what_makes_one(own_state, tmp_path):
    publish_star(own_state.warehouse, tmp_path / "lake", tables())
    serving_file(own_state.warehouse, 1).unlink()
    app = small(own_state)
    answer = ask(
        TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "analyst")),
        "select count(*) as n from dim_book",
    )
    close(app)

    assert answer.status_code == 409
    assert "`booksales publish` makes one" in answer.json()["detail"]
