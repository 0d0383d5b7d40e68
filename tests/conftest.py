"""Fixtures that tests of several folders share; what costs seconds is made once per run."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from few_rows import FEW_ROWS
from psycopg2.extensions import parse_dsn
from pyspark.sql import SparkSession

from booksales.local_stack.jars import S3_LOCK, ensure_jars, read_lock
from booksales.local_stack.java import java_home
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.pipeline import JOBS_FOLDER
from jobs_config.progress import Progress
from jobs_config.settings import Settings
from jobs_config.spark import local_spark_conf
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.database import PASSWORD_VARIABLE

pytest_plugins = ["ci_skips", "lanes", "redshift_stand_in", "shards"]


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """A state folder of this run's own."""
    return open_state(tmp_path_factory.mktemp("state") / "booksales")


@pytest.fixture(scope="session")
def postgres(state: StateFolder) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL, started once."""
    server = EmbeddedPostgres(state)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def shop_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The owner's connection string to an empty database of the test's own, readable by the reader as the shop's is."""
    name = f"shop_{secrets.token_hex(4)}"
    postgres.create_database(name)
    yield postgres.owner_dsn(name)
    postgres.drop_database(name)


@pytest.fixture
def control_database(shop_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty control database; its password is where it belongs, in the environment."""
    told = parse_dsn(shop_database)
    monkeypatch.setenv(PASSWORD_VARIABLE, told["password"])
    return f"postgresql+psycopg2://{told['user']}@{told['host']}:{told['port']}/{told['dbname']}"


@pytest.fixture
def empty_state(tmp_path: Path) -> StateFolder:
    """A state folder of the test's own, with nothing in it."""
    return open_state(tmp_path / "booksales")


@pytest.fixture(scope="session")
def spark(state: StateFolder) -> Iterator[SparkSession]:
    """One Spark session with Delta and the PostgreSQL driver, set up as `booksales` does it."""
    home = java_home(state)
    quiet = Progress(terminal=False)
    jars = ensure_jars(state, home, quiet) + ensure_jars(state, home, quiet, read_lock(S3_LOCK))
    settings = Settings(driver_memory_mb=1536)
    conf = local_spark_conf(
        settings, jars, state.temporary, JOBS_FOLDER / "log4j2.properties", state.logs / "spark.log"
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JAVA_HOME", str(home))
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("tests")
        for name, value in {**conf, **FEW_ROWS}.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()
