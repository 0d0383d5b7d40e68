import pytest

from jobs_config.errors import BooksalesError, ConfigError, ExitCode, RefusedError


def test_exit_codes_are_those_that_are_documented():
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "CONFIGURATION": 2,
        "REFUSED": 3,
        "ATTENTION": 4,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize(("kind", "code"), [(BooksalesError, 1), (ConfigError, 2), (RefusedError, 3)])
def test_each_kind_of_error_has_its_exit_code(kind, code):
    assert kind("reason").exit_code == code
