"""The state machines over the real thing: each job a `spark-submit` of the entry file, on a shop of a few hundred sales."""

import json
import sys
from pathlib import Path

import psycopg2
import pytest
from few_rows import FEW_ROWS
from psycopg2.extensions import parse_dsn
from small_shop import PSEUDONYM_KEY, fill, reader_address
from state_machines import definition, state_machines

from booksales.local_stack.jars import ensure_jars
from booksales.local_stack.java import java_home
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.pipeline import JOBS_FOLDER, SPARK_HOME
from booksales.verify import verify
from jobs_config.progress import Progress
from jobs_config.settings import Settings
from jobs_config.spark import local_spark_conf
from jobs_config.state import StateFolder
from spark_jobs.control_database import PASSWORD_VARIABLE as LEDGER_PASSWORD
from spark_jobs.extract.connection import PASSWORD_VARIABLE as SOURCE_PASSWORD
from spark_jobs.main import PSEUDONYM_VARIABLE
from spark_jobs.run_ledger import RunLedger
from warehouse.generations import read_pointer

pytestmark = pytest.mark.slow
SALES = 300
# A busy machine takes minutes for what an idle one does in one.
JOB_SECONDS = 900


def spark_submit(state: StateFolder) -> tuple[list[str], dict[str, str]]:
    """The command that stands for the job, and the environment that it needs."""
    java = java_home(state)
    jars = ensure_jars(state, java, Progress(terminal=False))
    conf = local_spark_conf(
        Settings(driver_memory_mb=1024),
        jars,
        state.temporary,
        JOBS_FOLDER / "log4j2.properties",
        state.logs / "machines.log",
    )
    settings = [part for name, value in {**conf, **FEW_ROWS}.items() for part in ("--conf", f"{name}={value}")]
    environment = {
        "JAVA_HOME": str(java),
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
    return [str(SPARK_HOME / "bin" / "spark-submit"), *settings, str(JOBS_FOLDER / "main.py")], environment


def test_a_shop_is_reloaded_synced_and_left_as_it_was_by_a_run_that_fails(
    state: StateFolder, postgres: EmbeddedPostgres, shop_database: str, control_database: str, tmp_path: Path
) -> None:
    fill(shop_database, SALES)
    address = reader_address(postgres, shop_database)
    places = [
        f"--lake={tmp_path / 'lake'}", f"--warehouse={tmp_path / 'warehouse'}", f"--reports={tmp_path}",
        f"--ledger={control_database}",
        f"--source-url=postgresql://{address.user}@{address.host}:{address.port}/{address.database}",
    ]  # fmt: skip
    job, environment = spark_submit(state)
    told = {
        **environment,
        "BOOKSALES_LEDGER_URL": control_database,
        LEDGER_PASSWORD: parse_dsn(shop_database)["password"],
        SOURCE_PASSWORD: address.password,
        PSEUDONYM_VARIABLE: PSEUDONYM_KEY.hex(),
    }
    ledger = RunLedger(control_database)
    with state_machines(tmp_path / "server.log", {"pipeline": job, "shop": job}, told) as machines:
        reloaded = machines.run(definition("reload", "glue", places, machines.topic, job_timeout=JOB_SECONDS))
        assert reloaded.status == "SUCCEEDED", reloaded.cause
        assert read_pointer(tmp_path / "warehouse").run_seq == 1

        with psycopg2.connect(shop_database) as shop, shop.cursor() as cursor:
            cursor.execute("update sales_sale set quantity = quantity + 1 where id in (select min(id) from sales_sale)")
        synced = machines.run(definition("sync", "glue", places, machines.topic, job_timeout=JOB_SECONDS))
        assert synced.status == "SUCCEEDED", synced.cause
        assert [(run["kind"], run["state"], run["execution"]) for run in ledger.runs()] == [
            ("sync", "published", synced.name),
            ("reload", "published", reloaded.name),
        ]
        compared = verify(ledger, str(tmp_path / "lake"), tmp_path / "warehouse")
        assert [comparison for comparison in compared if not comparison.agrees] == []

        served = read_pointer(tmp_path / "warehouse")
        elsewhere = [word.replace(address.database, "another_shop") for word in places]
        failed = machines.run(definition("sync", "glue", elsewhere, machines.topic, job_timeout=JOB_SECONDS))

        assert (failed.status, failed.states[-3:]) == ("FAILED", ["RecordFailure", "NotifyFailure", "Failed"])
        assert '"another_shop" does not exist' in json.dumps(failed.cause).replace("\\", "")
        assert (ledger.runs(1)[0]["state"], ledger.runs(1)[0]["execution"]) == ("failed", failed.name)
        assert read_pointer(tmp_path / "warehouse") == served
        assert [message["outcome"] for message in machines.heard()] == ["done", "done", "failed"]
