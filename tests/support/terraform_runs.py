"""Terraform without a network: where its providers are on this machine, and what it would make of our files."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
MIRROR_VARIABLE = "TERRAFORM_MIRROR"
REGISTRY = "registry.terraform.io"
# Where Terraform itself looks, and where images of build machines keep one.
USUAL_PLACES = (
    "~/.terraform.d/plugins",
    "/usr/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/opt/*",
)
COMMAND, MIRROR = "terraform", "a mirror of Terraform's providers"


@dataclass(frozen=True)
class Resource:
    """One resource as it would be made: its address, type, name and values."""

    address: str
    type: str
    values: dict[str, Any]


@dataclass(frozen=True)
class TestRun:
    """One `terraform test`: whether it passed, what it said, and every resource of each of its runs."""

    __test__ = False

    passed: bool
    said: str
    resources: dict[str, list[Resource]]


def require_terraform() -> None:
    """Skip the test where this machine cannot run Terraform, and say what it lacks."""
    if shutil.which(COMMAND) is None:
        pytest.skip(f"missing: {COMMAND}")
    if mirror() is None:
        pytest.skip(f"missing: {MIRROR}")


@cache
def mirror() -> Path | None:
    """A folder that holds registry.terraform.io: the one the environment names, else one in the usual places."""
    if named := os.environ.get(MIRROR_VARIABLE):
        return Path(named)
    places = [Path(place).expanduser() for place in USUAL_PLACES]
    found = [folder for place in places for folder in Path(place.anchor).glob(str(place.relative_to(place.anchor)))]
    return next((folder for folder in found if (folder / REGISTRY).is_dir()), None)


class Workspace:
    """A copy of the files, with providers installed, in which Terraform may leave what it likes."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "terraform"
        shutil.copytree(TERRAFORM, self._files, ignore=shutil.ignore_patterns(".terraform*"))
        config = folder / "cli.tfrc"
        config.write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror()}"\n    include = ["{REGISTRY}/*/*"]\n  }}\n}}\n'
            "disable_checkpoint = true\n"
        )
        self._environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1"}
        self.run("init", "-backend=false", "-input=false")

    def run(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> str:
        """What a command says; fails where it ends in another way than expected."""
        ended = subprocess.run(
            [COMMAND, *arguments, *(["-no-color"] if arguments[0] != "test" else [])],
            cwd=self._files, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode in expect, ended.stdout + ended.stderr
        return ended.stdout

    def test(self, file: str, environment: str) -> TestRun:
        """Run one file of terraform/tests with the values of an environment."""
        said = self.run(
            "test", "-json", "-verbose", f"-filter=tests/{file}.tftest.hcl",
            f"-var-file=environments/{environment}/terraform.tfvars", expect=(0, 1),
        )  # fmt: skip
        events = [json.loads(line) for line in said.splitlines()]
        (summary,) = (event["test_summary"] for event in events if event["type"] == "test_summary")
        states = {event["@testrun"]: event["test_state"] for event in events if event["type"] == "test_state"}
        messages = [event["@message"] for event in events if event["type"] in ("diagnostic", "test_summary")]
        return TestRun(
            summary["status"] == "pass",
            "\n".join(messages),
            {run: list(_resources(state["root_module"])) for run, state in states.items()},
        )


def _resources(module: dict[str, Any]) -> list[Resource]:
    """Resources of a module and of those within it; what is only looked up is none."""
    own = [
        Resource(item["address"], item["type"], item["values"])
        for item in module.get("resources", [])
        if item["mode"] == "managed"
    ]
    return own + [resource for inner in module.get("child_modules", []) for resource in _resources(inner)]
