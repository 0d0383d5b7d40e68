"""Terraform's files themselves: format, descriptions, and what they say that something else says too."""

import re
from pathlib import Path

import pytest
from terraform_runs import TERRAFORM, Workspace

from booksales.local_stack.jars import read_lock
from jobs_config.settings import load_settings

FILES = sorted(path for path in TERRAFORM.rglob("*.tf"))
MODULES = sorted(path for path in (TERRAFORM / "modules").iterdir())


def test_the_modules_are_all_there() -> None:
    parts = "catalog control jobs lake network observability orchestration release secrets serving warehouse"

    assert [module.name for module in MODULES] == parts.split()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_says_what_it_asks_and_gives(module: Path) -> None:
    for name in ("variables.tf", "outputs.tf"):
        blocks = re.findall(
            r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', (module / name).read_text(), re.MULTILINE | re.DOTALL
        )
        assert blocks
        assert [block for block, body in blocks if "description" not in body] == []
        assert name == "outputs.tf" or [block for block, body in blocks if "type " not in body] == []


def test_the_files_are_formatted(workspace: Workspace) -> None:
    assert workspace.run("fmt", "-check", "-recursive") == ""


def test_nothing_is_skipped_by_checkov_without_a_reason() -> None:
    skips = [line.strip() for path in FILES for line in path.read_text().splitlines() if "checkov:skip" in line]

    assert skips
    assert [line for line in skips if not re.fullmatch(r"# checkov:skip=CKV2?_AWS_\d+:.{20,}", line)] == []


def test_the_driver_is_the_one_that_is_locked() -> None:
    (driver,) = (jar for jar in read_lock().jars if jar.coordinate.startswith("org.postgresql:"))

    assert (
        f'postgresql_driver = "{driver.coordinate.split(":")[2]}"' in (TERRAFORM / "modules/jobs/glue.tf").read_text()
    )


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_has_values_a_backend_and_settings(environment: str) -> None:
    folder = TERRAFORM / "environments" / environment

    assert f'environment = "{environment}"' in (folder / "terraform.tfvars").read_text()
    assert "use_lockfile = true" in (folder / "backend.hcl").read_text()
    assert load_settings(environment).environment == environment
