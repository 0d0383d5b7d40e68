"""Whether this machine can run the local stack: each thing looked at, what was found, and what would help."""

import os
import platform
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.jars import S3_LOCK, cache_folder, read_lock
from booksales.local_stack.java import inspect, java_home, machine_javas
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.local_stack.postgres_programs import installed_folder
from booksales.local_stack.processes import free_port
from jobs_config.machine import GIGABYTE, cores, free_bytes, memory_bytes
from jobs_config.settings import PREFIX, load_settings
from jobs_config.state import StateFolder
from warehouse.files import is_on_s3

PYTHONS = ((3, 11), (3, 13))
LEAST_DISK = 5 * GIGABYTE
LEAST_MEMORY = 4 * GIGABYTE
LEAST_CORES = 2
TESTED = ("Linux", "x86_64")
UNTESTED = ("Darwin",)


@dataclass(frozen=True)
class Check:
    """One thing looked at. `advice` says what would help; it may also stand beside what is well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def checks(state: StateFolder) -> list[Check]:
    """Look at everything the local stack needs; takes about a second."""
    looks: list[Callable[[StateFolder], list[Check]]] = [
        _platform,
        _python,
        _cores,
        _memory,
        _disk,
        _permissions,
        _java,
        _jars,
        _postgres,
        _ports,
    ]
    return [check for look in looks for check in look(state)]


def render(found: list[Check]) -> str:
    """The checks as lines for a terminal."""
    width = max(len(check.name) for check in found)
    lines = []
    for check in found:
        lines.append(f"{'✓' if check.ok else '✗'} {check.name:<{width}}  {check.found}")
        if check.advice:
            lines.append(f"  {'':<{width}}  → {check.advice}")
    return "\n".join(lines)


def _platform(state: StateFolder) -> list[Check]:
    system, machine = platform.system(), platform.machine()
    found = f"{system} {machine}"
    if (system, machine) == TESTED:
        return [Check("platform", True, found)]
    if system in UNTESTED:
        return [Check("platform", True, found, "not tested here; Linux on x86-64 is")]
    return [Check("platform", False, found, "use Linux on x86-64; on Windows, within WSL 2")]


def _python(state: StateFolder) -> list[Check]:
    least, most = PYTHONS
    ok = least <= sys.version_info[:2] <= most
    advice = "" if ok else "make setup PYTHON=python3.12, or another from 3.11 to 3.13"
    return [Check("Python", ok, platform.python_version(), advice)]


def _cores(state: StateFolder) -> list[Check]:
    ok = cores() >= LEAST_CORES
    return [Check("cores", ok, str(cores()), "" if ok else f"works, slowly; {LEAST_CORES} or more are better")]


def _memory(state: StateFolder) -> list[Check]:
    ok = memory_bytes() >= LEAST_MEMORY
    advice = "" if ok else f"{LEAST_MEMORY // GIGABYTE} GiB or more for a million sales, 8 for a hundred million"
    return [Check("memory", ok, f"{memory_bytes() / GIGABYTE:.1f} GiB", advice)]


def _disk(state: StateFolder) -> list[Check]:
    free = free_bytes(state.root)
    ok = free >= LEAST_DISK
    advice = "" if ok else f"free {LEAST_DISK // GIGABYTE} GiB, or name a folder on another disk by {PREFIX}HOME"
    return [Check("disk", ok, f"{free / GIGABYTE:.0f} GiB free below {state.root}", advice)]


def _permissions(state: StateFolder) -> list[Check]:
    mode = stat.S_IMODE(state.root.stat().st_mode)
    is_closed, is_own = mode & 0o077 == 0, state.root.stat().st_uid == os.geteuid()
    advice = "" if is_closed and is_own else f"it holds secrets; make it yours alone: chmod 700 {state.root}"
    owner = "yours" if is_own else "another user's"
    return [Check("state folder", is_closed and is_own, f"{state.root}, mode {mode:04o}, {owner}", advice)]


def _java(state: StateFolder) -> list[Check]:
    try:
        home = java_home(state)
    except LocalStackError as error:
        return [Check("Java", False, "none that Spark can use", str(error))]
    passed_over = [str(java) for java in machine_javas() if not java.is_usable]
    advice = f"passed over: {'; '.join(passed_over)}" if home == state.java and passed_over else ""
    kind = "the bundled one" if home == state.java else "the machine's own"
    java = inspect(home / "bin" / "java", kind)
    return [Check("Java", java is not None, f"{java or home}", advice)]


def _jars(state: StateFolder) -> list[Check]:
    jars = read_lock().jars + (read_lock(S3_LOCK).jars if is_on_s3(state.lake) else ())
    missing = [
        jar.file for jar in jars if not any(jar.is_at(folder / jar.file) for folder in (state.jars, cache_folder()))
    ]
    if not missing:
        return [Check("Spark's jars", True, f"{len(jars)} of {len(jars)}, hashes right")]
    # No failure: the first command that needs them fetches them.
    advice = f"fetched when first needed, from Maven Central; or put {', '.join(missing)} into {cache_folder()}"
    return [Check("Spark's jars", True, f"{len(jars) - len(missing)} of {len(jars)}", advice)]


def _postgres(state: StateFolder) -> list[Check]:
    try:
        command = [str(installed_folder() / "postgres"), "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (LocalStackError, OSError, subprocess.CalledProcessError) as error:
        return [Check("PostgreSQL", False, "the bundled programs do not run", str(error))]
    status = EmbeddedPostgres(state).status()
    return [
        Check("PostgreSQL", True, f"{version}, {f'running on port {status.port}' if status.running else 'not running'}")
    ]


def _ports(state: StateFolder) -> list[Check]:
    settings = load_settings()
    return [_port("API", settings.api_port, "API_PORT"), _port("dashboard", settings.dashboard_port, "DASHBOARD_PORT")]


def _port(name: str, port: int, setting: str) -> Check:
    try:
        free_port(port, f"{PREFIX}{setting}")
    except LocalStackError as error:
        return Check(
            f"port of the {name}", False, f"{port} is taken", f"{error}; or it is ours already, started by 'serve'"
        )
    return Check(f"port of the {name}", True, f"{port or 'any'} is free")
