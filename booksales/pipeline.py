"""Starts the pipeline's jobs on this machine, by the same `spark-submit` and entry file as on a cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyspark

import spark_jobs
from booksales.local_stack.jars import S3_LOCK, ensure_jars, read_lock
from booksales.local_stack.java import java_home
from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.errors import RefusedError
from jobs_config.progress import Progress
from jobs_config.settings import Settings
from jobs_config.spark import local_spark_conf, s3_conf
from jobs_config.state import StateFolder
from spark_jobs.control.lease import HELD_VARIABLE, writer_lease
from spark_jobs.errors import RunError
from spark_jobs.extract.connection import PASSWORD_VARIABLE
from spark_jobs.options import LANDING_VARIABLE, PSEUDONYM_VARIABLE
from warehouse.files import endpoint, is_on_s3, region

JOBS_FOLDER = Path(spark_jobs.__file__).parent
SPARK_HOME = Path(pyspark.__file__).parent
STANDARD_ERROR = 2


@dataclass(frozen=True)
class Source:
    """Where the shop is, and the password that goes with it, which is never an argument."""

    url: str
    password: str


def find_source(state: StateFolder, settings: Settings) -> Source:
    """The shop in the settings, else the embedded one, started if need be. Raises RefusedError where there is none yet."""
    if settings.source_url:
        return Source(settings.source_url, os.environ.get(PASSWORD_VARIABLE, ""))
    if not state.source.exists():
        raise RefusedError(
            "there is no shop to read: `booksales generate` makes one, or name yours by BOOKSALES_SOURCE_URL=postgresql://user@host/db"
        )
    postgres = EmbeddedPostgres(state)
    postgres.start()
    return Source(postgres.reader_url(), postgres.reader_password())


def run_pipeline(
    state: StateFolder,
    settings: Settings,
    command: str,
    arguments: Sequence[str],
    source: Source | None,
    verbose: bool = False,
) -> int:
    """Run one command of spark_jobs.main under the writer lease; returns its exit code.

    Raises RefusedError when somebody else writes.
    """
    progress = Progress()
    with writer_lease(state.lock_file, command) as lease:
        _clear_scratch(state)
        java = java_home(state)
        jars, more_conf = ensure_jars(state, java, progress), {}
        if is_on_s3(state.lake):
            jars += ensure_jars(state, java, progress, read_lock(S3_LOCK))
            more_conf = s3_conf(endpoint(), region())
        conf = local_spark_conf(
            settings, jars, state.temporary, JOBS_FOLDER / "log4j2.properties", state.logs / "spark.log"
        )
        line = [
            str(SPARK_HOME / "bin" / "spark-submit"),
            *(part for name, value in {**conf, **more_conf}.items() for part in ("--conf", f"{name}={value}")),
            str(JOBS_FOLDER / "main.py"),
            command,
            *arguments,
            *_places(state, settings),
            *(["--source-url", source.url] if source else []),
            *(["--verbose"] if verbose else []),
        ]
        return _wait(line, _environment(state, java, source), lease)


def _clear_scratch(state: StateFolder) -> None:
    """Remove what a killed run left behind: rows of tables, unpacked files. Whoever holds the lease runs the only Spark there is."""
    for pattern in ("blockmgr-*", "spark-*-*-*-*-*", "feed-*"):
        for folder in state.temporary.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


def plan_pipeline(
    state: StateFolder,
    settings: Settings,
    command: str,
    source: Source | None,
    verbose: bool = False,
    arguments: Sequence[str] = (),
) -> tuple[int, Any]:
    """What a command would do, as it says itself, and its exit code; nothing is done. Raises what `run_pipeline` raises."""
    path = state.temporary / f"{command}-plan.json"
    path.unlink(missing_ok=True)
    code = run_pipeline(state, settings, command, [*arguments, f"--plan-file={path}"], source, verbose)
    return code, json.loads(path.read_text()) if path.exists() else []


def _places(state: StateFolder, settings: Settings) -> list[str]:
    changed = {
        name: value for name, value in settings.model_dump().items() if value != Settings.model_fields[name].default
    }
    return [
        f"--lake={state.lake}",
        f"--warehouse={state.warehouse}",
        f"--reports={state.reports}",
        f"--ledger={state.ledger_url}",
        f"--source={settings.source}",
        *(f"--set={name}={value}" for name, value in changed.items()),
    ]


def _environment(state: StateFolder, java: Path, source: Source | None) -> Mapping[str, str]:
    environment = {
        **os.environ,
        "JAVA_HOME": str(java),
        "SPARK_HOME": str(SPARK_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        # Spark would look for a network address that other machines can reach, and warn about it.
        "SPARK_LOCAL_IP": "127.0.0.1",
        PSEUDONYM_VARIABLE: state.secret("pseudonym_key"),
        LANDING_VARIABLE: state.secret("landing_key"),
        HELD_VARIABLE: "1",
    }
    if source:
        environment[PASSWORD_VARIABLE] = source.password
    return environment


def _wait(line: Sequence[str], environment: Mapping[str, str], lease: int) -> int:
    """The child inherits the lease, so a JVM that outlives us still keeps other writers out."""
    # spark-submit puts all that a driver says, errors too, on its standard output; ours is for what was asked, as by --json.
    # In a session of its own: a terminal's Ctrl-C would end the JVM before the driver could close its run.
    process = subprocess.Popen(
        line, env=dict(environment), pass_fds=[lease], stdout=STANDARD_ERROR, start_new_session=True
    )
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: _interrupt(process)) for number in numbers}
    try:
        while True:
            try:
                return _exit_code(process.wait())
            except KeyboardInterrupt:
                _interrupt(process)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(code: int) -> int:
    """Spark's own, unless a signal ended it before it could say a word."""
    if code >= 0:
        return code
    raise RunError(
        f"Spark was ended by {signal.Signals(-code).name}; where nobody did that, the machine ran out of memory "
        "(see driver_memory_mb). `booksales status` says what serves"
    )


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C for the Python process below the JVM: it stops Spark's jobs, closes its run and says how it ended."""
    below = psutil.Process(process.pid).children(recursive=True)
    drivers = [child for child in below if str(JOBS_FOLDER / "main.py") in child.cmdline()]
    for driver in drivers:
        driver.send_signal(signal.SIGINT)
    if not drivers:
        process.terminate()
