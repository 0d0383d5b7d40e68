"""Terraform's files, initialised once, and one environment as it would be applied."""

import pytest
from terraform_runs import TestRun, Workspace, require_terraform


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Skips where this machine has no Terraform, or no providers for it."""
    require_terraform()
    return Workspace(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def prod(workspace: Workspace) -> TestRun:
    """The environment prod on Glue."""
    return workspace.test("glue", "prod")
