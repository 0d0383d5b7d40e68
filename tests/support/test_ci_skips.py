import pytest
from ci_skips import CiSkips

pytest_plugins = ["pytester"]

SKIPS = """
import pytest
@pytest.mark.skipif(True, reason="missing: sh")
def test_of_a_shell(): pass
@pytest.mark.skipif(True, reason="missing: no-such-program")
def test_of_a_program(): pass
@pytest.mark.xfail(reason="known")
def test_of_a_fault(): assert False
"""


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("missing: no-such-program", ""),
        ("missing: ../no/such/data", ""),
        ("missing: sh, no-such-program", ""),
        ("missing: sh", "this machine has sh"),
        ("missing: sh, ./data", "this machine has sh, ./data"),
        ("takes too long", "the reason does not say 'missing: ' and what"),
    ],
    ids=["no program", "no path", "one of two", "a program is here", "all are here", "nothing named"],
)
def test_a_skip_is_right_only_where_something_is_missing(tmp_path, reason, fault):
    (tmp_path / "data").touch()

    assert CiSkips(tmp_path, strict=True).fault(reason) == fault


def test_in_ci_a_wrong_skip_fails_the_run(pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile(SKIPS)

    run = pytester.runpytest("-p", "ci_skips")

    run.assert_outcomes(errors=1, skipped=1, xfailed=1)
    run.stdout.fnmatch_lines(
        ["*skipped (missing: sh), but this machine has sh*", "skipped: missing: no-such-program (1)*"]
    )


def test_elsewhere_skips_are_only_listed(pytester, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(SKIPS)

    run = pytester.runpytest("-p", "ci_skips")

    run.assert_outcomes(skipped=2, xfailed=1)


def test_in_ci_a_module_that_skips_itself_wrongly_is_an_error(pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile("import pytest\npytest.skip('missing: sh', allow_module_level=True)")

    run = pytester.runpytest("-p", "ci_skips")

    run.assert_outcomes(errors=1)
