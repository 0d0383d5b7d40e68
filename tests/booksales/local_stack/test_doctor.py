import socket

import pytest

from booksales.local_stack.doctor import Check, checks, render


def found(state, name):
    (check,) = [check for check in checks(state) if check.name == name]
    return check


def test_everything_a_machine_needs_is_looked_at(empty_state):
    assert [check.name for check in checks(empty_state)] == [
        "platform",
        "Python",
        "cores",
        "memory",
        "disk",
        "state folder",
        "Java",
        "Spark's jars",
        "PostgreSQL",
        "port of the API",
        "port of the dashboard",
    ]


def test_an_open_state_folder_is_a_fault(empty_state):
    empty_state.root.chmod(0o755)

    check = found(empty_state, "state folder")

    assert not check.ok
    assert f"chmod 700 {empty_state.root}" in check.advice


def test_a_taken_port_is_a_fault_that_names_its_setting(empty_state, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("BOOKSALES_API_PORT", str(other.getsockname()[1]))
        check = found(empty_state, "port of the API")

    assert not check.ok
    assert "BOOKSALES_API_PORT" in check.advice


def test_a_java_that_cannot_be_used_is_a_fault(empty_state, monkeypatch, tmp_path):
    monkeypatch.setenv("BOOKSALES_JAVA", str(tmp_path))

    check = found(empty_state, "Java")

    assert not check.ok
    assert "BOOKSALES_JAVA" in check.advice


@pytest.mark.usefixtures("postgres")
def test_a_running_database_is_shown_with_its_port(state, postgres):
    assert f"running on port {postgres.status().port}" in found(state, "PostgreSQL").found


def test_checks_are_lines_with_the_advice_below():
    lines = render([Check("Java", False, "none", "install one"), Check("cores", True, "2")])

    assert lines.splitlines() == ["✗ Java   none", "         → install one", "✓ cores  2"]
