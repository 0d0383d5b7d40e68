"""Container files, compose file and workflow: held to rules, and to what they name. Nothing of them is built or run here."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.__main__ import _parser as api_parser
from streamlit_app.__main__ import _parser as dashboard_parser

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "containers"
FILES = sorted(CONTAINERS.glob("*.Dockerfile"))
UV = Path(sys.executable).with_name("uv")
USER = "10001:10001"


def instructions(path: Path) -> list[tuple[str, str]]:
    """Each instruction of a container file and what follows it, lines joined and comments left out."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines() if line.strip()]


def faults(path: Path) -> list[str]:
    """What is wrong with a container file."""
    found = instructions(path)
    text = path.read_text()
    users = [value for name, value in found if name == "USER"]
    rules = {
        "its last user is root, or it has none": not users or users[-1].split(":")[0] in ("root", "0"),
        "its base is the newest, whatever that is": any(
            name == "FROM" and "$" not in value and (":" not in value or value.endswith(":latest"))
            for name, value in found
        ),
        "it adds files from an address": any(name == "ADD" for name, _ in found),
        "it copies the whole repository": any(
            name == "COPY" and re.match(r"(--\S+ )*\. ", value) for name, value in found
        ),
        "it installs packages without hashes": any(
            name == "RUN" and "pip install" in value and "--require-hashes" not in value and "--no-index" not in value
            for name, value in found
        ),
        "it holds a secret": bool(re.search(r"(PASSWORD|SECRET|TOKEN)\w*=", text)),
        "it starts by a shell": not any(name == "ENTRYPOINT" and value.startswith("[") for name, value in found)
        and path.stem != "jobs",
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_container_file_keeps_the_rules(path: Path) -> None:
    assert faults(path) == []


def test_a_container_file_that_breaks_every_rule_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bad.Dockerfile"
    path.write_text(
        "FROM python\nADD https://example.com/a.tar /a\nCOPY . /srv\nENV DB_PASSWORD=x\nRUN pip install flask\nCMD python a.py\n"
    )

    assert len(faults(path)) == 7


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_container_file_copies_is_there(path: Path) -> None:
    context = CONTAINERS / "proxy" if path.stem == "proxy" else ROOT
    copied = [shlex.split(value) for name, value in instructions(path) if name == "COPY"]

    # What comes from dist is built first.
    named = [word for words in copied if not words[0].startswith("--from=dist") for word in words[:-1]]
    assert copied
    assert [name for name in named if not (context / name).exists()] == []


@pytest.mark.parametrize(("name", "parser"), [("api", api_parser), ("dashboard", dashboard_parser)])
def test_the_servers_understand_how_they_are_started(name: str, parser: Any) -> None:
    (entry,) = (value for kind, value in instructions(CONTAINERS / f"{name}.Dockerfile") if kind == "ENTRYPOINT")
    words = yaml.safe_load(entry)

    started = parser().parse_args(words[3:])

    assert words[:2] == ["python", "-m"]
    assert (started.host, started.log_format) == ("127.0.0.1", "json")


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["api", "dashboard", "jobs", "steps"])
def test_what_an_image_installs_can_be_had_for_its_python(lock: str, tmp_path: Path) -> None:
    line = [
        UV, "pip", "install", "--dry-run", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", "3.13",
        "--python-platform", "x86_64-manylinux_2_28", "--target", tmp_path, "--requirement", ROOT / "requirements" / f"{lock}.lock",
    ]  # fmt: skip

    ended = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "Would install" in ended.stderr


def test_compose_keeps_the_task_together_and_to_this_machine() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]

    assert set(services) == {"control", "api", "dashboard", "proxy"}
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert services["proxy"]["ports"] == ["127.0.0.1:8443:8443"]
    for name in ("control", "api", "dashboard"):
        assert services[name]["network_mode"] == "service:proxy"
    for service in services.values():
        if build := service.get("build"):
            assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    assert not re.search(r"PASSWORD: ", (ROOT / "compose.yaml").read_text())


def test_the_workflow_runs_what_people_run_and_gets_rights_for_tags_alone() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text())
    jobs = workflow["jobs"]
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    targets = set(re.findall(r"^([.\w/-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["package"]
    assert jobs["package"]["if"] == "github.ref_type == 'tag'"
    assert set(jobs["package"]["needs"]) == set(jobs) - {"package"}
    assert ".ci/run" in runs["test"]
    called = [
        word for lines in runs.values() for line in lines if line.startswith("make ") for word in line.split()[1:]
    ]
    assert {"tf-check", "wheel"} <= set(called)
    assert set(called) - targets - {".venv/.tools"} == set()
    assert all("@" in step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step)
    assert "secrets." not in (ROOT / ".github/workflows/ci.yaml").read_text()
