"""Which process a test goes to, where several share them."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

OF_SPARK = """
import os, pytest
@pytest.fixture
def spark(): pass
@pytest.mark.parametrize("number", range(6))
def test_one_of_many(number, record_property): record_property("process", os.getpid())
def test_of_spark(spark, record_property): record_property("process", os.getpid())
"""
OTHER = OF_SPARK.replace("(spark, ", "(")


@pytest.fixture(autouse=True)
def plugins_are_found(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def processes(pytester):
    """The processes that each file's tests ran in, with two of them."""
    pytester.makepyfile(test_a=OF_SPARK, test_b=OTHER, test_c=OTHER, test_d=OF_SPARK)

    def found(*options):
        run = pytester.runpytest_subprocess("-n2", "--dist=load", "--junitxml=r.xml", *options)
        run.assert_outcomes(passed=28)
        text = (pytester.path / "r.xml").read_text()
        cases = re.findall(r'classname="(test_.)".*?"process" value="(\d+)"', text, re.DOTALL)
        return {
            file: {process for name, process in cases if name == file}
            for file in ["test_a", "test_b", "test_c", "test_d"]
        }

    return found


def test_a_file_is_one_processes_and_all_files_with_spark_are_the_same_ones(processes):
    ran_in = processes("-p", "lanes")

    assert [len(each) for each in ran_in.values()] == [1, 1, 1, 1]
    assert ran_in["test_a"] == ran_in["test_d"]
    assert len(set.union(*ran_in.values())) == 2


def test_the_control_without_the_plugin_files_are_parted(processes):
    ran_in = processes()

    assert max(len(each) for each in ran_in.values()) == 2


def test_what_was_skipped_in_any_process_is_listed_at_the_end(pytester):
    skip = 'import pytest\n@pytest.mark.skip(reason="missing: no-such-program")\ndef test_a(): pass\ndef test_b(): pass'
    whole = "import pytest\npytest.skip('missing: nothing-like-it', allow_module_level=True)"
    pytester.makepyfile(test_a=skip, test_b=skip, test_c=whole)

    run = pytester.runpytest_subprocess("-p", "ci_skips", "-p", "lanes", "-n2")

    run.stdout.fnmatch_lines(["skipped: missing: no-such-program (2); missing: nothing-like-it (1)"])
