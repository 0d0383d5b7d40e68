"""docs/api.md holds against the API: examples, endpoints, parameters, metrics, failures."""

import re

import pytest
from api_examples import DOCUMENT, EXAMPLE, with_answers
from signed_in import PASSWORD, account

from api.problems import KINDS
from warehouse.permissions import load_permissions
from warehouse.semantic import load_model

TEXT = DOCUMENT.read_text()


def test_every_example_is_what_the_api_answers(api, asked_by):
    assert len(EXAMPLE.findall(TEXT)) == 15
    assert with_answers(TEXT, api, asked_by("analyst")) == TEXT, "run: python tests/support/api_examples.py"


def test_every_endpoint_and_parameter_is_documented(api):
    for path, operations in api.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            assert f"`{method.upper()} {path}`" in TEXT, path
            for parameter in operation.get("parameters", []):
                assert f"`{parameter['name']}`" in TEXT or f"`{parameter['name']}=" in TEXT, (path, parameter["name"])


@pytest.mark.parametrize("metric", load_permissions().metrics_of("viewer", load_model()))
def test_every_metric_a_viewer_may_see_is_documented(metric):
    assert f"`{metric}`" in TEXT


def test_every_failure_is_documented_with_its_status():
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", TEXT, re.MULTILINE))

    assert documented == {kind.name: str(kind.status) for kind in KINDS}


def test_every_key_of_meta_is_documented(api):
    meta = api.get("/api/analytics/summary/").json()["meta"]
    table = TEXT[TEXT.index("Promised keys of `meta`") : TEXT.index("Money is a JSON number")]

    assert set(meta) <= set(re.findall(r"`([a-z_]+)`", table))


def test_the_python_example_runs(url, app, monkeypatch):
    account(app.state.authority, "viewer", username="ana", has_password=True)
    monkeypatch.setattr("getpass.getpass", lambda: PASSWORD)
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)

    exec(compile(example.replace("http://127.0.0.1:8600", url), "docs/api.md", "exec"), {})  # noqa: S102
