import subprocess
import sys
from pathlib import Path

import pytest

from api.client import ApiError, Client

PROGRAM = Path(sys.executable).parent / "booksales"


def test_the_api_of_an_empty_installation_runs_and_says_that_nobody_has_an_account(home):
    with subprocess.Popen([PROGRAM, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True) as serving:
        url = serving.stderr.readline().partition("url=")[2].split()[0]
        with Client(url) as client, pytest.raises(ApiError) as refused:
            client.summary(30)
        serving.terminate()
        serving.communicate(timeout=20)

    assert refused.value.kind == "not-set-up"
    assert serving.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["serve", "--host", "0.0.0.0"], "other machines would reach it"),  # noqa: S104
        (["dashboard", "--api-url", "http://example.com"], "tokens would leave this machine"),
    ],
    ids=["an API for others", "an API of others"],
)
def test_nothing_is_served_beyond_this_machine(installed_booksales, arguments, why):
    refused = installed_booksales(*arguments)

    assert refused.code == 2
    assert why in refused.err
    assert "Traceback" not in refused.err
