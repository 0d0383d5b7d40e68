import hashlib
import io
import re
import stat
from pathlib import Path

import pytest

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.jars import Jar, JarLock, as_locked, check_hashes, ensure_jars, read_lock
from jobs_config.progress import Progress

CONTENT = b"the jar"
NO_JAVA = Path("/nowhere")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("BOOKSALES_JAR_CACHE", str(folder))
    return folder


@pytest.fixture
def lock():
    jar = Jar(coordinate="org.example:books:1.0", sha256=hashlib.sha256(CONTENT).hexdigest())
    return JarLock(jars=(jar,), excludes=())


@pytest.fixture
def quiet():
    return Progress(io.StringIO(), terminal=False)


def test_a_jar_in_the_machines_cache_is_copied_and_nothing_is_resolved(cache, lock, empty_state, quiet):
    (cache / "books-1.0.jar").write_bytes(CONTENT)

    (jar,) = ensure_jars(empty_state, NO_JAVA, quiet, lock)

    assert jar == empty_state.jars / "books-1.0.jar"
    assert jar.read_bytes() == CONTENT
    assert stat.S_IMODE(jar.stat().st_mode) == 0o600


def test_jars_that_are_there_are_left_alone(cache, lock, empty_state, quiet):
    empty_state.jars.mkdir()
    jar = empty_state.jars / "books-1.0.jar"
    for place in (jar, cache / jar.name):
        place.write_bytes(CONTENT)
    before = jar.stat()

    ensure_jars(empty_state, NO_JAVA, quiet, lock)

    assert jar.stat() == before


def test_a_tampered_jar_is_put_right(cache, lock, empty_state, quiet):
    (cache / "books-1.0.jar").write_bytes(CONTENT)
    empty_state.jars.mkdir()
    (empty_state.jars / "books-1.0.jar").write_bytes(b"something else")

    (jar,) = ensure_jars(empty_state, NO_JAVA, quiet, lock)

    assert jar.read_bytes() == CONTENT


def test_a_tampered_cache_is_not_used(cache, lock, empty_state, quiet):
    (cache / "books-1.0.jar").write_bytes(b"something else")

    with pytest.raises(LocalStackError, match=r"(?s)could not be resolved.*Maven Central.*certificate") as error:
        ensure_jars(empty_state, NO_JAVA, quiet, lock)

    assert str(cache) in str(error.value)
    assert not list(empty_state.jars.iterdir())


def test_a_resolved_jar_with_another_hash_is_named(tmp_path, lock):
    found = tmp_path / "org.example_books-1.0.jar"
    found.write_bytes(b"something else")

    with pytest.raises(LocalStackError) as error:
        check_hashes(lock, as_locked(lock, tmp_path))

    assert "books-1.0.jar" in str(error.value)
    assert hashlib.sha256(b"something else").hexdigest() in str(error.value)
    assert hashlib.sha256(CONTENT).hexdigest() in str(error.value)


def test_a_jar_nobody_listed_is_refused(tmp_path, lock):
    (tmp_path / "org.example_books-1.0.jar").touch()
    (tmp_path / "org.example_more-2.0.jar").touch()

    with pytest.raises(LocalStackError, match=r"brought org\.example_more-2\.0\.jar beyond what is listed"):
        as_locked(lock, tmp_path)


def test_the_lock_names_every_jar_once_with_its_hash():
    jars = read_lock().jars

    assert len({jar.file for jar in jars}) == len(jars) > 0
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars)


def test_a_lock_with_an_unknown_key_is_refused(tmp_path):
    path = tmp_path / "jars.yaml"
    path.write_text("jars: []\nexcludes: []\nexclude: []\n")

    with pytest.raises(LocalStackError, match=r"jars\.yaml: exclude: Extra inputs are not permitted"):
        read_lock(path)
