"""The process that runs SQL: what it answers, what it can reach whatever it is asked, and that it ends."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from functools import partial

import psutil
import pytest
from sql_probes import BOMBS, CANARY, plant, probes

from api.sql import process
from api.sql.sandbox import (
    COMMAND,
    Bounds,
    NotServedError,
    Sandbox,
    SqlBusyError,
    SqlFaultError,
    SqlTooLongError,
    SqlTooMuchError,
)
from warehouse.embedded.generations import serving_file
from warehouse.narrowed import statements, tables_in_sight
from warehouse.permissions import load_permissions
from warehouse.scope import EVERYTHING, Scope

SECONDS, GRACE_SECONDS = 2, 1
BOX = Sandbox(Bounds(20, 256, 4))
ALL = partial(statements, tables_in_sight("analyst", EVERYTHING), EVERYTHING)
# Kept free of what nobody may see, whoever reads them.
HIDDEN_TEXTS = (CANARY, *(f"{key:064x}" for key in range(1, 201)))
SEEN_IN_A_MINUTE = ("a product of facts", "a long text", "many numbers", "a wide answer")


@pytest.fixture(scope="module")
def served(star):
    return serving_file(star, 1)


def request_of(served, sql, made=ALL, **bounds):
    """What a process is asked, as it would read it."""
    asked = {
        "file": str(served),
        "database": "hidden",
        "statements": made("hidden"),
        "sql": sql,
        "memory_mb": 256,
        "threads": 2,
    }
    return json.loads(json.dumps({**asked, "rows": 50, "answer_bytes": 1 << 20, **bounds}))


@pytest.fixture(scope="module")
def inside(served):
    """The answer of the process to whatever SQL, with nothing checked before."""
    with process.opened(request_of(served, "")) as connection:
        yield lambda sql: process.answered(connection, request_of(served, sql, rows=500))


def test_values_arrive_as_they_are(served):
    sql = (
        "select 1 as a, 2.50::decimal(9,2) as b, 'x' as c, date '2024-02-29' as d, timestamp '2024-01-02 03:04:05' as e, true as f, "
        "null as g, 170141183460469231731687303715884105727 as h, 'nan'::double as i, interval 2 day as j, 0.5::double as k, "
        "date 'infinity' as l"
    )

    answer = BOX.answer(served, ALL, sql, 1)

    assert answer.rows == [
        {
            "a": 1,
            "b": Decimal("2.50"),
            "c": "x",
            "d": date(2024, 2, 29),
            "e": datetime(2024, 1, 2, 3, 4, 5),
            "f": True,
            "g": None,
            "h": Decimal("170141183460469231731687303715884105727"),
            "i": None,
            "j": "2 days, 0:00:00",
            "k": 0.5,
            "l": date.max,
        }
    ]
    assert answer.columns[1] == ("b", "DECIMAL(9,2)")


@pytest.mark.parametrize(("limit", "count", "is_truncated"), [(4, 4, True), (5, 5, False), (6, 5, False)])
def test_no_more_rows_than_asked_for_and_it_says_so(served, limit, count, is_truncated):
    answer = BOX.answer(served, ALL, "select channel from dim_channel", limit)

    assert (len(answer.rows), answer.is_truncated) == (count, is_truncated)


def test_an_answer_without_rows_has_its_columns(served):
    answer = BOX.answer(served, ALL, "select channel from dim_channel where false", 5)

    assert (answer.rows, answer.columns) == ([], (("channel", "VARCHAR"),))


def test_views_are_narrowed_to_the_scope(served):
    scope = Scope(("United Kingdom / London",), ("Harbour House",))
    made = partial(statements, tables_in_sight("analyst", scope), scope)

    sql = "select distinct region, publisher from fact_sales join dim_region using (region_key) join dim_book using (book_key)"
    answer = BOX.answer(served, made, sql, 50)

    assert answer.rows == [{"region": "London", "publisher": "Harbour House"}]


@pytest.mark.parametrize(
    ("sql", "error", "said"),
    [
        ("select 1 as a, 2 as a", SqlFaultError, "two columns are called 'a'"),
        ("select region from dim_region group by country", SqlFaultError, "must appear in the GROUP BY clause"),
        ("select cast(region as integer) from dim_region", SqlFaultError, "it fails on a value"),
        ("select * from read_text('/etc/passwd')", SqlFaultError, "it reaches for a file"),
        ("select 1; select 2", SqlFaultError, "it is not one SELECT"),
        ("copy (select 1) to '/tmp/x'", SqlFaultError, "it is not one SELECT"),
        ("select " + ", ".join(f"{n} as c{n}" for n in range(201)), SqlFaultError, "it has 201 columns; 200 at most"),
        (
            "select string_agg(repeat('x', 1000000), '') from range(1000000)",
            SqlTooMuchError,
            "it needs more than 256 MB",
        ),
        ("select repeat('x', 1000000) from range(50)", SqlTooMuchError, "its answer is larger than 16 MB"),
    ],
)
def test_what_cannot_be_answered_says_why_and_quotes_no_value(served, sql, error, said):
    with pytest.raises(error, match=said) as refused:
        BOX.answer(served, ALL, sql, 5_000)

    assert "London" not in str(refused.value)


def test_a_publication_without_its_file_is_not_served(tmp_path):
    with pytest.raises(NotServedError, match="`booksales publish` makes one"):
        BOX.answer(tmp_path / "sql.000009.duckdb", ALL, "select 1", 1)


def test_a_file_that_is_none_is_not_served(tmp_path):
    (tmp_path / "sql.000009.duckdb").write_text("no database")

    with pytest.raises(NotServedError, match="is not there"):
        BOX.answer(tmp_path / "sql.000009.duckdb", ALL, "select 1", 1)


# With nothing checked before: the process by itself


def test_no_probe_reads_a_file_or_people_also_where_nothing_was_checked(inside, tmp_path):
    folder = tmp_path / "planted"
    plant(folder)
    before = sorted(path.name for path in folder.iterdir())
    answered, faults = {}, 0
    for name, sql in probes(folder).items():
        try:
            answered[name] = json.dumps(inside(sql))
        except process.Fault:
            faults += 1

    told = "\n".join(answered.values())
    assert faults >= 150
    assert [text for text in HIDDEN_TEXTS if text in told] == []
    # A CTE that is not used is not looked at.
    assert [name for name in answered if "customers" in name or "_id" in name] == ["customers in an unused CTE"]
    assert sorted(path.name for path in folder.iterdir()) == before


def test_rows_out_of_scope_are_not_read_also_where_nothing_was_checked(served):
    """The file is called otherwise each time, so what lies below the views cannot be named."""
    scope = Scope(("Germany",))
    made = partial(statements, tables_in_sight("analyst", scope), scope)
    few, many = "select count(*) as n from analytics.fact_sales", 3_569
    with process.opened(
        request_of(served, "", made, database="unguessable", statements=made("unguessable"))
    ) as connection:

        def rows(sql):
            return process.answered(connection, request_of(served, sql, made))["rows"]

        (seen,) = rows(few)
        # A control: whoever knew the name could.
        assert rows("select count(*) as n from unguessable.analytics.fact_sales") == [[many]]
        for sql in (
            "select count(*) as n from served.analytics.fact_sales",
            "select count(*) as n from query_table('served.analytics.fact_sales')",
            "select count(*) as n from query_table((select database_name || '.analytics.fact_sales' from duckdb_databases() limit 1))",
            "select count(*) as n from query("
            "'select * from ' || (select min(database_name) from duckdb_databases()) || '.analytics.fact_sales')",
            "select count(*) as n from query(getvariable('name'))",
            "select count(*) as n from duckdb_databases() as d, query('select * from ' || d.database_name || '.analytics.fact_sales')",
            "select count(*) as n from duckdb_databases() as d, "
            "lateral (select * from query_table(d.database_name || '.analytics.fact_sales')) as f",
            "execute name",
        ):
            with pytest.raises(process.Fault):
                rows(sql)

    assert 0 < seen[0] < many


def test_the_file_is_called_otherwise_each_time(served):
    sql = "select database_name from duckdb_databases() where database_name like 'served%'"

    names = {BOX.answer(served, ALL, sql, 1).rows[0]["database_name"] for _ in range(2)}

    assert len(names) == 2


def test_the_file_has_no_column_that_nobody_may_see(inside):
    sql = "select distinct column_name from duckdb_columns() where database_name = 'hidden'"

    names = {row[0] for row in inside(sql)["rows"]}

    assert names & {*load_permissions().never, "sale_id", "line_number", "segment"} == set()
    assert {"net_amount", "title"} <= names


def test_nothing_goes_out_over_the_network(inside):
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        port = canary.getsockname()[1]
        for sql in (
            f"select * from read_csv('http://127.0.0.1:{port}/a.csv')",
            f"select * from 'http://127.0.0.1:{port}/a.parquet'",
            f"select * from read_parquet('s3://127.0.0.1:{port}/a')",
            f"attach 'http://127.0.0.1:{port}/a.duckdb' as a",
            f"attach 'host=127.0.0.1 port={port}' as a (type postgres)",
            "install httpfs",
            "load httpfs",
            f"install httpfs from 'http://127.0.0.1:{port}'",
        ):
            with pytest.raises(process.Fault):
                inside(sql)
        with pytest.raises(TimeoutError):
            canary.accept()


def test_the_process_has_nobodys_environment_and_no_folder_of_ours(served, tmp_path, monkeypatch):
    monkeypatch.setenv("BOOKSALES_CONTROL_PASSWORD", CANARY)
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import json, os, sys\njson.load(sys.stdin)\n"
        "said = [['environment', json.dumps(dict(os.environ))], ['folder', os.getcwd()]]\n"
        "said.append(['group', str(os.getpgid(0) == os.getpid())])\n"
        "json.dump({'columns': [['a', 'VARCHAR'], ['b', 'VARCHAR']], 'rows': said, 'is_truncated': False}, sys.stdout)\n"
    )

    rows = Sandbox(Bounds(20, 256, 1), (*COMMAND[:2], str(spy))).answer(served, ALL, "select 1", 5).rows

    told = {row["a"]: row["b"] for row in rows}
    assert set(json.loads(told["environment"])) <= {"LC_CTYPE"}
    assert (told["folder"], told["group"]) == ("/", "True")


# Bombs


def ended_after(served, sql):
    """Seconds until the sandbox has ended the question, which must not be answered."""
    began = time.monotonic()
    with pytest.raises((SqlTooLongError, SqlTooMuchError, SqlFaultError)):
        Sandbox(Bounds(SECONDS, 256, 1)).answer(served, ALL, sql, 10_000)
    return time.monotonic() - began


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SEEN_IN_A_MINUTE else [pytest.mark.slow]) for name in BOMBS]
)
def test_a_bomb_is_ended_within_its_seconds_and_one_more(served, name):
    before = psutil.Process().children()

    assert ended_after(served, BOMBS[name]) < SECONDS + GRACE_SECONDS
    assert psutil.Process().children() == before


def test_a_process_ends_by_itself_where_nobody_is_left_to_end_it(served):
    asked = json.dumps(request_of(served, BOMBS["many numbers"], seconds=1)).encode()
    with subprocess.Popen(COMMAND, stdin=-1, stdout=-1, stderr=-1) as child:
        child.stdin.write(asked)
        child.stdin.close()

        # By its alarm, its processor time, or the last of that, which the system ends it for.
        assert child.wait(10) in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL)


def test_as_many_questions_as_may_be_and_no_more(served):
    box = Sandbox(Bounds(4, 256, 1))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(box.answer, served, ALL, BOMBS["many numbers"], 1)
        time.sleep(0.3)
        with pytest.raises(SqlBusyError, match="1 questions in SQL are being answered"):
            box.answer(served, ALL, "select 1", 1)
        with pytest.raises(SqlTooLongError):
            first.result()

    assert BOX.answer(served, ALL, "select 1 as a", 1).rows == [{"a": 1}]


def test_a_process_that_is_killed_from_outside_is_told_as_too_much(served):
    # Servers that other tests share are children too.
    before = {*psutil.Process().children()}

    def kill():
        while not (children := [child for child in psutil.Process().children() if child not in before]):
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(children[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(SqlTooMuchError):
        BOX.answer(served, ALL, BOMBS["many numbers"], 1)
    killer.join()
