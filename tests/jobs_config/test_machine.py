from pathlib import Path

import pytest

from jobs_config.machine import cores, free_bytes, memory_bytes, package_folder


@pytest.fixture
def limit(tmp_path):
    return tmp_path / "memory.max"


def test_a_container_has_the_memory_it_was_given(limit):
    limit.write_text("1073741824\n")

    assert memory_bytes((limit,)) == 1073741824


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n"], ids=["max", "more than the machine"])
def test_no_limit_means_the_machine(limit, text):
    limit.write_text(text)

    assert memory_bytes((limit,)) == memory_bytes(())


def test_a_folder_that_is_yet_to_be_made_has_its_disks_space(tmp_path):
    assert free_bytes(tmp_path / "not" / "yet") > 0


def test_there_is_a_core():
    assert cores() >= 1


def test_a_package_is_found_where_it_lies_or_not_at_all():
    assert package_folder("pytest") == Path(pytest.__file__).parent
    assert package_folder("no_such_package") is None
