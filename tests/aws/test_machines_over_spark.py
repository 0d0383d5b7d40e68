"""The state machines over the real thing: each job a `spark-submit` of the entry file, on a shop of a few hundred sales."""

import re
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from few_rows import FEW_ROWS
from psycopg2.extensions import parse_dsn
from small_shop import PSEUDONYM_KEY, fill, reader_address
from small_star import publish_star
from state_machines import StateMachines, definition, state_machines

from booksales.local_stack.jars import ensure_jars
from booksales.local_stack.java import java_home
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.pipeline import JOBS_FOLDER, SPARK_HOME
from booksales.verify import verify
from jobs_config.progress import Progress
from jobs_config.settings import Settings
from jobs_config.spark import local_spark_conf
from jobs_config.state import StateFolder
from spark_jobs.control.database import PASSWORD_VARIABLE as LEDGER_PASSWORD
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.connection import PASSWORD_VARIABLE as SOURCE_PASSWORD
from spark_jobs.options import PSEUDONYM_VARIABLE
from warehouse.embedded.generations import read_pointer
from warehouse.embedded.warehouse import EmbeddedWarehouse

pytestmark = pytest.mark.slow
SALES = 300
# A busy machine takes minutes for what an idle one does in one.
JOB_SECONDS = 1_800


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


@dataclass(frozen=True)
class Stage:
    """What the machines run: the job's command and environment, the arguments that every job gets, and the ledger."""

    job: list[str]
    environment: dict[str, str]
    places: list[str]
    ledger: RunLedger
    home: Path

    def definition(self, machine: str, topic: str, places: list[str] | None = None) -> str:
        return definition(machine, "glue", places or self.places, topic, job_timeout=JOB_SECONDS)

    def open(self) -> AbstractContextManager[StateMachines]:
        return state_machines(self.home / "server.log", {"pipeline": self.job, "shop": self.job}, self.environment)


@pytest.fixture
def stage(
    state: StateFolder, postgres: EmbeddedPostgres, shop_database: str, control_database: str, tmp_path: Path
) -> Stage:
    fill(shop_database, SALES)
    address = reader_address(postgres, shop_database)
    job, environment = spark_submit(state)
    secrets = {
        "BOOKSALES_LEDGER_URL": control_database,
        LEDGER_PASSWORD: parse_dsn(shop_database)["password"],
        SOURCE_PASSWORD: address.password,
        PSEUDONYM_VARIABLE: PSEUDONYM_KEY.hex(),
    }
    places = [
        f"--lake={tmp_path / 'lake'}", f"--warehouse={tmp_path / 'warehouse'}", f"--reports={tmp_path}",
        f"--ledger={control_database}",
        f"--source-url=postgresql://{address.user}@{address.host}:{address.port}/{address.database}",
    ]  # fmt: skip
    return Stage(job, environment | secrets, places, RunLedger(control_database), tmp_path)


def test_a_shop_is_reloaded_and_synced(stage: Stage, shop_database: str) -> None:
    with stage.open() as machines:
        reloaded = machines.run(stage.definition("reload", machines.topic))
        assert reloaded.status == "SUCCEEDED", reloaded.cause
        assert read_pointer(stage.home / "warehouse").run_seq == 1

        with psycopg2.connect(shop_database) as shop, shop.cursor() as cursor:
            cursor.execute("update sales_sale set quantity = quantity + 1 where id in (select min(id) from sales_sale)")
        synced = machines.run(stage.definition("sync", machines.topic))

        assert synced.status == "SUCCEEDED", synced.cause
        assert [(run["kind"], run["state"], run["execution"]) for run in stage.ledger.runs()] == [
            ("sync", "published", synced.name),
            ("reload", "published", reloaded.name),
        ]
        compared = verify(stage.ledger, str(stage.home / "lake"), EmbeddedWarehouse(stage.home / "warehouse"))
        assert [comparison for comparison in compared if not comparison.agrees] == []
        assert [message["outcome"] for message in machines.heard()] == ["done", "done"]


def test_a_run_that_fails_is_in_the_ledger_and_told_and_what_was_served_still_is(stage: Stage) -> None:
    publish_star(stage.home / "warehouse", stage.home / "star")
    served = read_pointer(stage.home / "warehouse")
    nowhere = [re.sub(r"/shop_\w+$", "/another_shop", word) if "source-url" in word else word for word in stage.places]

    with stage.open() as machines:
        failed = machines.run(stage.definition("reload", machines.topic, nowhere))

        assert (failed.status, failed.states[-3:]) == ("FAILED", ["RecordFailure", "NotifyFailure", "Failed"])
        assert 'database "another_shop" does not exist' in failed.cause.replace("\\", "")
        (run, *_) = stage.ledger.runs()
        assert (run["state"], run["execution"]) == ("failed", failed.name)
        assert 'database "another_shop" does not exist' in run["detail"]
        assert read_pointer(stage.home / "warehouse") == served
        assert [message["outcome"] for message in machines.heard()] == ["failed"]
