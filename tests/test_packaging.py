"""What is installed: all of our folders, and locked versions of everything else."""

import os
import re
from collections.abc import Collection
from distutils.core import run_setup
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FOLDERS = ("api", "booksales", "datagen", "jobs_config", "spark_jobs", "streamlit_app", "warehouse")
LOCK_FILES = sorted((ROOT / "requirements").glob("*.lock"))


def test_everything_in_our_folders_is_shipped(monkeypatch):
    monkeypatch.chdir(ROOT)
    build = run_setup("setup.py", stop_after="init").get_command_obj("build_py")
    build.ensure_finalized()

    shipped = {Path(path) for _, _, path in build.find_all_modules()}
    shipped |= {Path(folder) / name for _, folder, _, names in build.data_files for name in names}

    assert files_of(FOLDERS) - {path.as_posix() for path in shipped} == set()


def files_of(folders: Collection[str]) -> set[str]:
    """Every file of the folders, from the root, but for what Python and the system leave behind."""
    found = {
        Path(parent, name).relative_to(ROOT)
        for folder in folders
        for parent, _, names in os.walk(ROOT / folder)
        for name in names
    }
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def requirements(text: str) -> list[str]:
    """The logical lines of a lock file: a requirement with its hashes each."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def faults_of_lock(text: str) -> list[str]:
    """Lines of a lock file that name a place, leave the version open or carry no hash."""
    sound = re.compile(r"[\w.-]+==[\w.!+]+( ; [^;]*?)?\s*(--hash=sha256:[0-9a-f]{64}\s*)+")
    return [line for line in requirements(text) if not sound.fullmatch(line)]


@pytest.mark.parametrize("path", LOCK_FILES, ids=[path.name for path in LOCK_FILES])
def test_a_lock_file_pins_and_hashes_everything_and_names_no_place(path):
    text = path.read_text()

    assert len(requirements(text)) > 1
    assert faults_of_lock(text) == []
    assert "://" not in text


def test_there_is_a_lock_file_for_each_way_to_install():
    ways = ["api", "bench", "build", "checkov", "dashboard", "demo", "dev", "jobs", "steps"]

    assert [path.stem for path in LOCK_FILES] == ways


def test_the_tools_are_locked_beside_the_same_versions_as_the_demo():
    def pins(name: str) -> set[str]:
        lines = requirements((ROOT / "requirements" / name).read_text())
        return {line.partition(" ")[0] for line in lines}

    assert pins("demo.lock") - pins("dev.lock") == set()


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example.com/simple",
        "wheel @ https://packages.example.com/wheel.whl --hash=sha256:" + "0" * 64,
        "wheel==1.0",
        "wheel>=1.0 --hash=sha256:" + "0" * 64,
        "wheel==1.0 \\\n    --hash=md5:" + "0" * 32,
    ],
    ids=["an index", "an address", "no hash", "an open version", "a weak hash"],
)
def test_a_faulty_line_of_a_lock_file_is_found(line):
    assert len(faults_of_lock(f"pip==1.0 \\\n    --hash=sha256:{'a' * 64}\n{line}\n")) == 1
