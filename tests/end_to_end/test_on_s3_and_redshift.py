"""A shop reloaded and synced through S3 and Redshift: source, lake and warehouse agree, and every answer is as from DuckDB.

The embedded warehouse is published from the same lake, by the same version of it. Questions are made of the API's routes, so a new
endpoint is compared without a word here.
"""

import argparse
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from api_questions import PREFIX, asked_by_get
from fastapi.testclient import TestClient
from pyspark.sql import SparkSession
from redshift_stand_in import BUCKET, ROLE
from signed_in import bearer
from small_shop import fill, reader_address, reload, run_options, sync
from spark_on_s3 import use_s3

from api.app import close, create_app
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from jobs_config.settings import Settings
from jobs_config.state import open_state
from spark_jobs import commands
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.options import RunOptions
from warehouse.redshift.address import PASSWORD_VARIABLE
from warehouse.semantic import load_model

pytestmark = pytest.mark.slow

SALES = 2_000
BASE = "http://127.0.0.1:8600"
MODEL = load_model()
# What differs between two publications of one state of the lake.
OF_A_PUBLICATION = ("publication", "loaded_at")
CHANGES = """
insert into sales_sale (order_id, line_number, kind, book_id, store_id, sold_at, unit_price, quantity, currency)
select 9000000 + id, 1, 'sale', book_id, store_id, sold_at, unit_price, 1, currency from sales_sale
where kind = 'sale' order by id desc limit 20;
update sales_sale set quantity = quantity + 1 where id in (select id from sales_sale where kind = 'sale' order by id limit 3);
update books_book set list_price = list_price + 1 where id % 50 = 1;
delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id desc limit 3)
"""


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres) -> Iterator[str]:
    postgres.create_database("far_away")
    dsn = postgres.owner_dsn("far_away")
    fill(dsn, SALES)
    yield dsn
    postgres.drop_database("far_away")


@pytest.fixture(scope="module")
def in_redshift(
    spark: SparkSession,
    postgres: EmbeddedPostgres,
    shop: str,
    gateway: Any,
    aws_endpoint: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunOptions]:
    """The shop, reloaded and synced into a lake on S3 and a warehouse in Redshift."""
    gateway.wipe()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(PASSWORD_VARIABLE, gateway.passwords["admin"])
        use_s3(spark, aws_endpoint, environment)
        options = run_options(
            tmp_path_factory.mktemp("far_away"),
            reader_address(postgres, shop),
            reader="columnar",
            warehouse_url=f"redshift://admin@127.0.0.1:{gateway.port}/analytics",
            warehouse_export=f"s3://{BUCKET}/export",
            warehouse_copy_role=ROLE,
        )
        options = replace(options, lake=f"s3://{BUCKET}/lake")
        assert reload(spark, options) == ExitCode.DONE
        with closing(psycopg2.connect(shop)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(CHANGES)
        assert sync(spark, options) == ExitCode.DONE
        yield options


@pytest.fixture(scope="module")
def clients(
    spark: SparkSession, in_redshift: RunOptions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[TestClient]]:
    """Analysts who ask DuckDB, and Redshift."""
    far, near = in_redshift.settings, Settings(reader="columnar", api_requests_per_minute=0)
    states = [open_state(tmp_path_factory.mktemp(name) / "booksales") for name in ("near", "far")]
    ledger_url = with_generations_of_its_own(in_redshift.ledger_url, states[0].temporary / "ledger.db")
    embedded = replace(in_redshift, settings=near, warehouse=states[0].warehouse, ledger_url=ledger_url)
    commands.publish_again(spark, embedded, argparse.Namespace(), Progress(terminal=False))
    apps = [
        create_app(states[0], near),
        create_app(states[1], far.model_copy(update={"api_requests_per_minute": 0})),
    ]
    yield [TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "analyst")) for app in apps]
    for app in apps:
        close(app)


def with_generations_of_its_own(url: str, copy: Path) -> str:
    """The same ledger, in which a warehouse can begin to count."""
    shutil.copy(url.removeprefix("sqlite:///"), copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("update publication set generation = generation + 100")
    return f"sqlite:///{copy}"


def test_source_lake_and_redshift_agree(in_redshift: RunOptions) -> None:
    compared = verify(RunLedger(in_redshift.ledger_url), in_redshift.lake, in_redshift.open_warehouse())

    assert len(compared) > 100
    assert [comparison for comparison in compared if not comparison.agrees] == []


def test_every_answer_is_as_from_duckdb(clients: list[TestClient]) -> None:
    whole = {"from": "2020-01-01", "until": clients[0].get("/api/publication/").json()["data_through"]}
    questions = list(asked_by_get(places_in(clients[0], whole), whole, {"search": "the"}))

    answers = {
        (path, str(asked)): [exact(each, "GET", path, params=asked) for each in clients] for path, asked in questions
    }

    assert len(questions) > 100
    assert [asked for asked, (near, _) in answers.items() if not near.startswith("200 ")] == []
    assert [asked for asked, (near, far) in answers.items() if near != far] == []


@pytest.mark.parametrize("dimension", MODEL.dimensions)
def test_a_question_of_ones_own_is_answered_as_by_duckdb(clients: list[TestClient], dimension: str) -> None:
    metrics = ["net_units", "net_revenue", "margin", "return_rate", "orders", "active_titles"]
    asked = {"from": "2020-01-01", "metrics": metrics, "dimensions": [dimension], "limit": 500}

    first, second = (exact(each, "POST", f"{PREFIX}query/", json=asked) for each in clients)

    assert first == second


def places_in(client: TestClient, whole: dict[str, str]) -> dict[str, object]:
    """One member of each kind that a path can name, of those that sell."""
    lists = {"sales-by-region": {}, "sales-by-genre": {"level": "subgenre"}, "top-books": {}}
    region, genre, book = (
        client.get(f"{PREFIX}{path}/", params={**whole, "limit": 1, **further}).json()["data"]["rows"][0]
        for path, further in lists.items()
    )
    return {name: quote(str(value), safe="") for name, value in {**region, **genre, **book}.items()}


def exact(client: TestClient, method: str, path: str, **asked: Any) -> str:
    """An answer without what tells one publication from another, amounts as they are written."""
    answer = client.request(method, path, **asked)
    body = json.loads(answer.text, parse_float=Decimal)
    body.pop("request_id", None)
    for name in OF_A_PUBLICATION:
        body.get("meta", {}).pop(name, None)
    return f"{answer.status_code} {json.dumps(body, default=str)}"
