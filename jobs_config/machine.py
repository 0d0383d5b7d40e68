"""What there is to work with: cores, memory and disk as far as this process may use them, and installed packages."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

MEGABYTE = 1024**2
GIGABYTE = 1024**3

# Version 2 of control groups, then version 1. "max" or a number beyond the machine means no limit.
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes(limits: tuple[Path, ...] = MEMORY_LIMITS) -> int:
    """Memory of the machine, or of the container where it is given less."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    found = [limit.read_text().strip() for limit in limits if limit.exists()]
    return min([machine, *(int(value) for value in found if value.isdigit())])


def free_bytes(folder: Path) -> int:
    """Disk space that may still be written below a folder, which need not exist yet."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def package_folder(name: str) -> Path | None:
    """Where an installed Python package lies, found without importing it; None where it is not installed."""
    package = find_spec(name)
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0])
