"""The wheel as a cluster runs it: installed without the checkout, submitted from an empty folder, with workers of its own."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_shop import PSEUDONYM_KEY, fill, reader_address

from booksales.local_stack.jars import ensure_jars
from booksales.local_stack.java import java_home
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.pipeline import SPARK_HOME
from booksales.verify import verify
from jobs_config.progress import Progress
from jobs_config.spark import CORRECTNESS, DELTA
from jobs_config.state import StateFolder
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.connection import PASSWORD_VARIABLE
from spark_jobs.options import PSEUDONYM_VARIABLE
from warehouse.embedded.warehouse import EmbeddedWarehouse

ROOT = Path(__file__).parents[2]
SALES = 300
pytestmark = pytest.mark.slow

MASTER = "local-cluster[2,1,1024]"


@pytest.fixture(scope="module")
def cluster_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Python that has the wheel and what it needs, and knows nothing of the checkout."""
    folder = tmp_path_factory.mktemp("cluster")
    source = folder / "source"
    kept_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=kept_out)
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, source], folder)
    run([sys.executable, "-m", "venv", "--without-pip", folder / "python"], folder)
    python = folder / "python" / "bin" / "python"
    packages = next((folder / "python").glob("lib/python3*/site-packages"))
    # The packages of this environment, but not its link to the checkout: that is a .pth file, and those do not nest.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (wheel,) = folder.glob("*.whl")
    run([sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel], folder)
    shutil.rmtree(source)
    yield python


def run(line: list[object], folder: Path, **environment: str) -> str:
    """Run a program from a folder; its output, or a failure that shows it."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BOOKSALES_HOME")}
    ended = subprocess.run(
        [str(word) for word in line], cwd=folder, env={**inherited, **environment}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def executors_that_worked(events: Path) -> set[str]:
    """Executors that ended a task, by Spark's own event log; `driver` would be the submitting process itself."""
    (log,) = events.iterdir()
    ended = [json.loads(line) for line in log.read_text().splitlines() if '"SparkListenerTaskEnd"' in line]
    return {event["Task Info"]["Executor ID"] for event in ended}


def test_nothing_of_the_checkout_is_on_the_path(cluster_python: Path, tmp_path: Path) -> None:
    places = "import spark_jobs, warehouse, sys; print(spark_jobs.__file__, warehouse.__file__, sys.path)"

    said = run([cluster_python, "-c", places], tmp_path)

    assert str(cluster_python.parents[1]) in said
    assert f"{ROOT}/spark_jobs" not in said
    assert f"'{ROOT}'" not in said


def test_spark_submit_reloads_the_shop_on_workers(
    cluster_python: Path, state: StateFolder, postgres: EmbeddedPostgres, shop_database: str, tmp_path: Path
) -> None:
    fill(shop_database, SALES)
    address = reader_address(postgres, shop_database)
    entry, place, data, events = (tmp_path / name for name in ("upload/main.py", "empty", "data", "events"))
    for folder in (entry.parent, place, data, events):
        folder.mkdir()
    shutil.copy(ROOT / "spark_jobs" / "main.py", entry)
    java = java_home(state)
    jars = ensure_jars(state, java, Progress(terminal=False))
    utc = "-Duser.timezone=UTC"
    conf = {
        **DELTA,
        **CORRECTNESS,
        "spark.jars": ",".join(map(str, jars)),
        "spark.driver.extraJavaOptions": utc,
        "spark.executor.extraJavaOptions": utc,
        "spark.executor.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }

    said = run(
        [
            SPARK_HOME / "bin" / "spark-submit", "--master", MASTER,
            *(part for name, value in conf.items() for part in ("--conf", f"{name}={value}")),
            entry, "reload", "--lake", data / "lake", "--warehouse", data / "warehouse", "--reports", data / "reports",
            "--ledger", f"sqlite:///{data}/ledger.db",
            "--source-url", f"postgresql://{address.user}@{address.host}:{address.port}/{address.database}",
        ],
        place,
        JAVA_HOME=str(java),
        SPARK_HOME=str(SPARK_HOME),
        SPARK_LOCAL_IP="127.0.0.1",
        SPARK_WORKER_DIR=str(tmp_path / "workers"),
        PYSPARK_PYTHON=str(cluster_python),
        PYSPARK_DRIVER_PYTHON=str(cluster_python),
        **{PASSWORD_VARIABLE: address.password, PSEUDONYM_VARIABLE: PSEUDONYM_KEY.hex()},
    )  # fmt: skip

    assert "published generation 1" in said
    assert executors_that_worked(events) == {"0", "1"}
    assert list(place.iterdir()) == []
    compared = verify(
        RunLedger(f"sqlite:///{data}/ledger.db"), str(data / "lake"), EmbeddedWarehouse(data / "warehouse")
    )
    assert [comparison for comparison in compared if not comparison.agrees] == []
