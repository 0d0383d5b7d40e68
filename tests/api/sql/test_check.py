"""What may be asked in SQL, and what is refused before anything runs."""

import re

import duckdb
import pytest
from small_star import PUBLISHERS
from sql_probes import BOMBS, plant, probes

from api.sql import check
from api.sql.check import SqlError, checked, sight_of
from api.view import HiddenColumnError
from warehouse.permissions import load_permissions
from warehouse.scope import EVERYTHING, Scope

ANALYST = sight_of("analyst", EVERYTHING)
FUNCTIONS = load_permissions().functions_of("analyst")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    planted = tmp_path_factory.mktemp("probes") / "planted"
    plant(planted)
    return planted


@pytest.fixture(scope="module")
def whole(star, tmp_path_factory):
    """A copy of a whole generation, on which anything may be done."""
    path = tmp_path_factory.mktemp("whole") / "whole.duckdb"
    path.write_bytes((star / "wh.000001.duckdb").read_bytes())
    return path


def on_whole(path, sql):
    with duckdb.connect(str(path)) as connection:
        connection.execute("set search_path = 'analytics'")
        return connection.execute(sql).fetchall()


def test_every_probe_is_refused(folder):
    refused = []
    for name, sql in probes(folder).items():
        with pytest.raises((SqlError, HiddenColumnError)):
            checked(sql, ANALYST)
        refused.append(name)

    assert len(refused) >= 200


def test_every_probe_would_read_something_on_an_unguarded_connection(folder, whole):
    with duckdb.connect(str(whole)) as connection:
        for name, sql in probes(folder, "whole").items():
            try:
                connection.cursor().execute(sql).fetchmany(1)
            except duckdb.Error as error:
                pytest.fail(f"{name}: {error}")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select read_csv('x')", "no function read_csv; there are abs, any_value"),
        ("select order_id from fact_sales", "the role analyst may not see order_id of fact_sales"),
        ("select * from dim_customer", "the role analyst may not see dim_customer; there are fact_sales"),
        ("select * from sales", "no table 'sales'; there are fact_sales"),
        ("select price from dim_channel", "no column 'price'; dim_channel has channel_key, source"),
        ("select * from ops.run", "no schema 'ops.run'; tables are in analytics"),
        ("select a.b.c.quantity from fact_sales", "no schema"),
        ("select 1; select 2", "has 2 statements; a question is one SELECT"),
        ("", "has 0 statements"),
        ("-- nothing", "has 0 statements"),
        ("delete from fact_sales", "is a DELETE; a question is one SELECT"),
        ("selec 1", "cannot be read: line 1, column 7"),
        ("select 'a", "cannot be read"),
        ("select cast(1 as blob)", "no type blob; there are bigint, boolean"),
        ("select * from dim_channel pivot (count(*) for channel in ('a'))", "no PIVOT here"),
        ("with recursive a as (select 1) select * from a", "recursive or inside another"),
        ("with a as (select 1 as x), a as (select 2 as x) select x from a", "two WITH of one name"),
        ("select " + "(" * 400 + "1" + ")" * 400, "nested too deeply"),
        ("select " + "1 + " * 1_200 + "1", "2000 are read at most"),
    ],
)
def test_a_refusal_names_what_is_not_allowed_and_what_is(sql, said):
    with pytest.raises((SqlError, HiddenColumnError)) as refused:
        checked(sql, ANALYST)

    assert said in str(refused.value)


# What one parser takes for a name or a word, and writes out so that another reads more into it.
WRITTEN_OUT = {
    "a unit in quotes": 'select extract("year from sale_date), (select max(database_oid) from duckdb_databases()), extract(year" '
    "from sale_date) from fact_sales",
    "rows of others": 'select extract("year from sale_date), (select max(region_key) from served.analytics.fact_sales), '
    'extract(year" from sale_date) from fact_sales',
    "a unit with an apostrophe": "select date_trunc(\"month', sale_date), read_text('x\", sale_date) from fact_sales",
    "a difference's unit": "select date_diff(\"day', a), f('x\", sale_date, sale_date) from fact_sales",
    "a text as a unit": "select date_trunc('month'') from fact_sales; select 1 --', sale_date) from fact_sales",
    "a part's name": "select date_diff('day'', sale_date, sale_date), read_text(''x', sale_date, sale_date) from fact_sales",
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_nothing_is_read_into_what_is_written_out(name):
    with pytest.raises((SqlError, HiddenColumnError)):
        checked(WRITTEN_OUT[name], ANALYST)


@pytest.mark.parametrize("name", ["a unit in quotes", "rows of others"])
def test_what_was_written_is_held_once_more_as_it_will_be_read(monkeypatch, name):
    """Also where the rule that a word is one is not there."""
    monkeypatch.setattr(check, "WORD", re.compile(".*", re.DOTALL))

    with pytest.raises(SqlError, match=r"cannot be read|no function|no schema"):
        checked(WRITTEN_OUT[name], ANALYST)


CALLS = {
    "count": "count(*), count(distinct book_key)", "listagg": "listagg(currency, ',' order by currency)",
    "string_agg": "string_agg(distinct currency, ',' order by currency)", "arg_max": "arg_max(sold_at, net_amount)",
    "arg_min": "arg_min(net_amount, sold_at)", "any_value": "any_value(1)", "bool_and": "bool_and(is_return)",
    "bool_or": "bool_or(is_return)", "mode": "mode(quantity)", "corr": "round(corr(quantity, net_amount), 9)",
    "quantile_cont": "quantile_cont(net_amount, 0.25)", "quantile_disc": "quantile_disc(net_amount, 0.25)", "ntile": "ntile(4) over w",
    "power": "power(quantity, 2)", "round": "round(net_amount, 1)", "greatest": "greatest(quantity, 2)", "least": "least(quantity, 2)",
    "coalesce": "coalesce(original_sale_date, sale_date)", "nullif": "nullif(quantity, 1)", "ln": "ln(unit_price)",
    "sqrt": "sqrt(unit_price)", "substring": "substring(currency, 1, 2)", "left": "left(currency, 1)", "right": "right(currency, 1)",
    "replace": "replace(currency, 'U', 'V')", "contains": "contains(currency, 'U')", "starts_with": "starts_with(currency, 'U')",
    "concat": "concat(currency, quantity)", "split_part": "split_part(currency, 'S', 1)", "extract": "extract(year from sold_at)",
    "regexp_matches": "regexp_matches(currency, '^U')", "date_trunc": "date_trunc('month', sale_date)",
    "strftime": "strftime(sale_date, '%Y/%m')",
    "date_diff": "date_diff('day', sale_date, date '2025-01-01')", "date_part": "date_part('year', sale_date)",
    "hour": "hour(sold_at)",
    "exp": "exp(quantity)",
}  # fmt: skip
AGGREGATED = {
    "sum",
    "avg",
    "min",
    "max",
    "median",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_pop",
    "approx_count_distinct",
}
RANKED = {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist"}
MOVED = {"lag", "lead", "first_value", "last_value"}
OF_DATES = {
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "dayofweek",
    "isodow",
    "dayofyear",
    "last_day",
    "dayname",
    "monthname",
}
OF_TEXTS = {"lower", "upper", "trim", "ltrim", "rtrim", "length"}


def call(function):
    """A call of the function that fits fact_sales."""
    if function in CALLS:
        return CALLS[function]
    if function in RANKED:
        return f"{function}() over w"
    if function in MOVED:
        return f"{function}(quantity) over w"
    argument = "sale_date" if function in OF_DATES else "currency" if function in OF_TEXTS else "net_amount"
    return f"{function}({argument})"


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_function_that_may_be_called_means_what_it_means_in_duckdb(whole, function):
    ordered = "window w as (order by sold_at, book_key, store_key, quantity, net_amount)"
    sql = f"select {call(function)} from fact_sales {ordered if ' over w' in call(function) else ''}"

    found, plain = on_whole(whole, checked(sql, ANALYST).sql), on_whole(whole, sql)

    assert sorted(found, key=repr) == sorted(plain, key=repr)
    assert any(value is not None for row in found for value in row)


QUESTIONS = [
    "select * exclude (quantity) from dim_channel c join fact_sales using (channel_key, source)",
    "select quantity // 2, quantity % 2, quantity / 2, -quantity, quantity * 1.5 + 1 from fact_sales",
    "select case when quantity > 1 then 'a' else 'b' end as x, count(*) from fact_sales group by all having count(*) > 1",
    "select if(quantity > 1, 1, 0), quantity between 1 and 2, quantity in (1, 2), currency || 'x' from fact_sales",
    "select sale_date + interval 7 day, sale_date - 1, sale_date - date '2024-01-01' from fact_sales",
    "with a as (select region_key, sum(net_amount) as net from fact_sales group by 1) select region, net from a "
    "join dim_region r on r.region_key = a.region_key qualify rank() over (order by net desc) < 4",
    "select country, region, count(*) from fact_sales join dim_region using (region_key) group by rollup (country, region)",
    "select country, count(*) from dim_region group by grouping sets ((country), ())",
    "select channel from dim_channel union all select region from dim_region except select 'App'",
    "select channel from dim_channel where channel_key in (select channel_key from fact_sales) and not channel like 'W%'",
    "select sum(quantity) over (partition by book_key order by sold_at, store_key rows between 3 preceding and current row) "
    "from fact_sales where currency is not null and original_sale_date is distinct from date '2024-01-01'",
    "select count(*) filter (where is_return), sum(quantity) filter (where not is_return) from fact_sales",
    "select f.quantity as q from analytics.fact_sales as f where q > 1",
    "select x from (select quantity from fact_sales) as t(x)",
    "select cast(quantity as varchar), quantity::double, try_cast(currency as integer) from fact_sales",
    "select (select max(quantity) from fact_sales where book_key = b.book_key) from dim_book as b",
    "from dim_channel select channel",
    "select channel from dim_channel /* one */ limit 2 offset 1; -- and nothing else",
]


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_question_of_ordinary_sql_is_run_as_it_was_written(whole, sql):
    found, plain = on_whole(whole, checked(sql, ANALYST).sql), on_whole(whole, sql)

    assert sorted(found, key=repr) == sorted(plain, key=repr)
    assert found


def test_columns_keep_the_names_that_were_written(whole):
    sql = checked("select quantity * 2, year(sale_date), count(*) as n from fact_sales group by all", ANALYST).sql

    with duckdb.connect(str(whole)) as connection:
        connection.execute("set search_path = 'analytics'")
        names = [column[0] for column in connection.execute(sql).description]

    assert names == ["quantity * 2", "YEAR(sale_date)", "n"]


def test_what_is_named_is_told_to_the_audit():
    found = checked(
        "with a as (select book_key, sum(cost_amount) as c from fact_sales group by 1) "
        "select title, c from a join dim_book using (book_key)",
        ANALYST,
    )

    assert set(found.tables) == {"fact_sales", "dim_book"}
    assert set(found.columns) == {"book_key", "cost_amount", "title"}
    assert set(checked("select * from dim_channel", ANALYST).columns) == set(ANALYST.tables["dim_channel"])


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(currency as integer) from fact_sales",
        "select quantity * 9223372036854775807 * 9223372036854775807 from fact_sales",
        "select sqrt(quantity - 100), ln(quantity - quantity) from fact_sales",
        "select count(*) from fact_sales where cast(currency as integer) = 1 or quantity * 9223372036854775807 > 1",
    ],
)
def test_no_value_of_a_row_makes_a_question_fail(whole, sql):
    """Else an error would tell of rows that are narrowed away only later."""
    with pytest.raises(duckdb.Error):
        on_whole(whole, sql)

    assert on_whole(whole, checked(sql, ANALYST).sql)


@pytest.mark.parametrize(
    ("scope", "hidden"),
    [
        (Scope(("Germany",)), {"rollup_book_daily", "rollup_book_monthly", "rollup_genre_daily", "rollup_publisher_daily"}),
        (Scope(publishers=(PUBLISHERS[0][1],)),
         {"rollup_sales_daily", "rollup_sales_monthly", "rollup_region_daily", "rollup_genre_daily", "sales_by_day", "sales_by_region",
          "sales_by_genre"}),
    ],
    ids=["by region", "by publisher"],
)  # fmt: skip
def test_a_table_whose_rows_cannot_be_told_apart_is_out_of_sight(scope, hidden):
    narrowed = sight_of("analyst", scope)

    assert set(ANALYST.tables) - set(narrowed.tables) >= hidden
    for table in hidden:
        with pytest.raises(SqlError, match="cannot be narrowed to what the account sees"):
            checked(f"select * from {table}", narrowed)


def test_a_viewer_may_name_no_function_and_sees_no_cost():
    viewer = sight_of("viewer", EVERYTHING)

    assert viewer.functions == frozenset()
    with pytest.raises(HiddenColumnError, match="cost_amount"):
        checked("select cost_amount from fact_sales", viewer)


def test_bombs_made_of_what_may_be_asked_pass_the_check():
    """They are the sandbox's to end."""
    for sql in list(BOMBS.values())[:8]:
        assert checked(sql, ANALYST).tables
