import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
@pytest.mark.parametrize("number", range(20))
@pytest.mark.slow
def test_one_of_many(number): pass
def test_quick(): pass
"""


@pytest.fixture
def suite(pytester):
    pytester.makeini("[pytest]\nmarkers = slow: takes long")
    pytester.makepyfile(test_a=TESTS, test_b=TESTS.replace("pass", "assert True"))

    def run(*options):
        return pytester.inline_run("-p", "shards", *options)

    return run


def passed(run):
    return {report.nodeid for report in run.listoutcomes()[0]}


def test_all_shards_together_are_all_tests_and_none_is_in_two(suite):
    shards = [passed(suite("--shard", f"{number}/4")) for number in range(1, 5)]

    assert sum(map(len, shards)) == len(set().union(*shards)) == 42
    assert sum(len(shard) > 3 for shard in shards) >= 3


def test_a_shard_is_the_same_each_time(suite):
    assert passed(suite("--shard", "2/3")) == passed(suite("--shard", "2/3"))


@pytest.mark.parametrize("shard", ["0/4", "5/4", "2", "a/b"])
def test_a_shard_that_cannot_be_is_refused(suite, pytester, shard):
    run = pytester.runpytest("-p", "shards", "--shard", shard)

    run.stderr.fnmatch_lines([f"*--shard {shard}: expected K/N*"])


def test_a_run_goes_on_where_it_was_broken_off(suite, pytester):
    pytester.makepyfile(test_c="def test_fails(): assert False\ndef test_passes(): pass")
    first = suite("-k", "test_fails or test_passes or 7")

    rest = suite("--resume")

    assert len(passed(first)) == 5
    assert passed(rest).isdisjoint(passed(first))
    assert len(passed(rest)) == 38
    assert len(rest.listoutcomes()[2]) == 1
    assert len(passed(suite("--resume"))) == 0
    assert len(passed(suite())) == 43
