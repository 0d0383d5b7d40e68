"""The jars Spark needs beside its own: resolved once, by Spark's resolver, and used only with the locked hash.

At run time nothing is resolved: sessions name these files by `spark.jars`.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

import jobs_config
from booksales.local_stack.errors import LocalStackError, last_lines
from booksales.local_stack.files import write_in_one_step
from jobs_config.machine import package_folder
from jobs_config.progress import Progress
from jobs_config.settings import explain
from jobs_config.state import StateFolder

LOCK = Path(jobs_config.__file__).parent / "jars.yaml"
S3_LOCK = LOCK.with_name("jars_s3.yaml")
CACHE_VARIABLE = "BOOKSALES_JAR_CACHE"
DEFAULT_CACHE = Path("~/.cache/booksales/jars")


class Jar(BaseModel):
    """One jar: group, artifact and version, and what its bytes hash to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    coordinate: str
    sha256: str

    @property
    def file(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def is_at(self, path: Path) -> bool:
        return path.is_file() and sha256(path) == self.sha256


class JarLock(BaseModel):
    """A lock file of jobs_config: the jars, and the dependencies of theirs that are left out on purpose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = LOCK.name
    jars: tuple[Jar, ...]
    excludes: tuple[str, ...]


def read_lock(path: Path = LOCK) -> JarLock:
    """The locked set. Raises LocalStackError that names the file and the fault."""
    try:
        return JarLock(file=path.name, **yaml.safe_load(path.read_text()))
    except ValidationError as error:
        raise LocalStackError(f"{path}: {explain(error)}") from error


def ensure_jars(state: StateFolder, java_home: Path, progress: Progress, lock: JarLock | None = None) -> list[Path]:
    """The locked jars in the state folder, fetched where absent: from this machine's cache, else by Spark's resolver.

    Raises LocalStackError when they cannot be resolved, or when a file does not hash to what the lock says.
    """
    lock = lock or read_lock()
    state.jars.mkdir(mode=0o700, exist_ok=True)
    wanted = {state.jars / jar.file: jar for jar in lock.jars}
    for path, jar in wanted.items():
        if not jar.is_at(path) and jar.is_at(cache_folder() / jar.file):
            _place(cache_folder() / jar.file, path)
    if not all(jar.is_at(path) for path, jar in wanted.items()):
        with progress.phase("resolving Spark's jars"):
            _resolve_into(state, java_home, lock)
    return list(wanted)


def cache_folder() -> Path:
    """Where this machine keeps resolved jars for every state folder and clone."""
    return Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE).expanduser()


def resolve(lock: JarLock, java_home: Path, folder: Path) -> dict[str, Path]:
    """Resolve the coordinates by Spark's own resolver, within `folder`: file name to file.

    Raises LocalStackError when the resolver fails or brings another set of jars than the lock names.
    """
    (folder / "nothing.py").touch()
    command = [
        str(_spark_home() / "bin" / "spark-submit"),
        *("--master", "local[1]"),
        *("--conf", f"spark.jars.ivy={folder}"),
        *("--conf", f"spark.jars.excludes={','.join(lock.excludes)}"),
        *("--packages", ",".join(jar.coordinate for jar in lock.jars)),
        str(folder / "nothing.py"),
    ]
    run = subprocess.run(
        command, env=_environment(java_home), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise LocalStackError(
            "Spark's jars could not be resolved. Is Maven Central reachable, and its certificate trusted by Java "
            f"({java_home})? Where there is no way out, copy the files of {lock.file} into {cache_folder()}. "
            f"The resolver's last lines:\n{last_lines(_without_stack(run.stderr))}"
        )
    return as_locked(lock, folder / "jars")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_locked(lock: JarLock, folder: Path) -> dict[str, Path]:
    """The resolver's files by our names for them. Raises LocalStackError when they are not the set that is locked."""
    # The resolver puts the group before the name: org.postgresql_postgresql-42.7.14.jar
    expected = {f"{jar.coordinate.split(':')[0]}_{jar.file}": jar.file for jar in lock.jars}
    found = {path.name: path for path in folder.glob("*.jar")}
    if found.keys() != expected.keys():
        more, fewer = sorted(found.keys() - expected.keys()), sorted(expected.keys() - found.keys())
        raise LocalStackError(
            f"{lock.file}: the resolver brought {', '.join(more) or 'nothing'} beyond what is listed, and not "
            f"{', '.join(fewer) or 'less'}; list a jar under jars or under excludes"
        )
    return {expected[name]: path for name, path in found.items()}


def check_hashes(lock: JarLock, files: dict[str, Path]) -> None:
    """Raises LocalStackError that names the first file whose hash is not the locked one."""
    for jar in lock.jars:
        found = sha256(files[jar.file])
        if found != jar.sha256:
            raise LocalStackError(
                f"{jar.file}: sha256 is {found}, {lock.file} says {jar.sha256}; it is not used. "
                "Either the repository hands out another file, or the lock is old (make lock)"
            )


def _resolve_into(state: StateFolder, java_home: Path, lock: JarLock) -> None:
    with tempfile.TemporaryDirectory(prefix="jars-", dir=state.temporary) as folder:
        resolved = resolve(lock, java_home, Path(folder))
        check_hashes(lock, resolved)
        for name, path in resolved.items():
            _place(path, state.jars / name)
            _place(path, cache_folder() / name)


def _without_stack(said: str) -> str:
    return "\n".join(line for line in said.splitlines() if not line.startswith("\tat "))


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_in_one_step(target, source.read_bytes())


def _spark_home() -> Path:
    folder = package_folder("pyspark")
    if folder is None:
        raise LocalStackError("the Python package pyspark is not installed; run 'make setup'")
    return folder


def _environment(java_home: Path) -> dict[str, str]:
    # Another Spark's home or options, set for other work, would resolve with another Spark.
    others = {"PYSPARK_SUBMIT_ARGS", "PYSPARK_DRIVER_PYTHON"}
    kept = {name: value for name, value in os.environ.items() if name not in others}
    return {**kept, "JAVA_HOME": str(java_home), "SPARK_HOME": str(_spark_home()), "PYSPARK_PYTHON": sys.executable}
