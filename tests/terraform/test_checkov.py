"""Checkov's rules for AWS, over both environments; what is skipped says why where it stands."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from terraform_runs import ROOT, TERRAFORM

INSTALLED = ".venv/checkov/bin/checkov"


def checkov() -> str:
    """The command of the environment that `make tf-check` makes, else one on the path."""
    if (ROOT / INSTALLED).exists():
        return str(ROOT / INSTALLED)
    if shutil.which("checkov") is None:
        pytest.skip("missing: checkov")
    return "checkov"


def scan(folder: Path, *more: str) -> dict[str, list[str]]:
    """Checks passed and failed, as `check resource`."""
    line = [
        checkov(),
        "--directory",
        folder,
        "--framework",
        "terraform",
        "--output",
        "json",
        "--skip-download",
        "--soft-fail",
        *more,
    ]
    said = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=True).stdout
    results = json.loads(said)["results"]
    return {
        kind: [f"{item['check_id']} {item['resource']}" for item in results[f"{kind}_checks"]]
        for kind in ("passed", "failed")
    }


@pytest.mark.parametrize("environment", ["dev", pytest.param("prod", marks=pytest.mark.slow)])
def test_checkov_finds_nothing(environment: str) -> None:
    found = scan(TERRAFORM, "--var-file", str(TERRAFORM / "environments" / environment / "terraform.tfvars"))

    assert found["failed"] == []
    assert len(found["passed"]) > 300


@pytest.mark.slow
def test_checkov_finds_a_bucket_that_is_open(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "open" {\n  bucket = "open"\n}\n')

    assert "CKV2_AWS_6 aws_s3_bucket.open" in scan(tmp_path)["failed"]
