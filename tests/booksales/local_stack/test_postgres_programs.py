import os
import shutil
import tempfile
from pathlib import Path

import pytest

from booksales.local_stack.postgres_programs import LIBRARIES, PROGRAMS, Programs, find_programs, installed_folder


@pytest.fixture
def open_folder():
    """A folder that every user of the machine may enter, unlike those pytest makes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_anybody_but_root_runs_the_programs_as_himself(tmp_path):
    programs = Programs(tmp_path, account=None)

    assert programs.seen_as(tmp_path / "data") == str(tmp_path / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="missing: root")
def test_root_gets_a_copy_where_the_system_user_cannot_reach_the_programs(tmp_path, open_folder):
    closed = tmp_path / "closed"
    installed = installed_folder().parents[2]
    for part in (PROGRAMS, LIBRARIES):
        shutil.copytree(installed / part, closed / part, symlinks=True)
    for path in (closed, *closed.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)

    programs = find_programs(closed / PROGRAMS / "bin", copies=open_folder / "copies")

    with (tmp_path / "log").open("wb") as log:
        assert programs.run(["initdb", "--version"], open_folder, log) == 0
    assert programs.folder.is_relative_to(open_folder)
    assert "16." in (tmp_path / "log").read_text()
