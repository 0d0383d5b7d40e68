"""The package that jobs and state machines are made of: what is in it, and how a bucket gets it."""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from s3_server import ACCESS, s3_client, s3_server

from booksales.cli import main
from booksales.job_package import ROOT, PackageError, built_wheel, make_package
from booksales.local_stack.jars import ensure_jars
from booksales.local_stack.java import java_home
from booksales.package_store import FolderStore, put_package
from jobs_config.errors import ConfigError, ExitCode, RefusedError
from jobs_config.progress import Progress
from jobs_config.state import StateFolder

WHEEL = "book_sales_analytics-0.1.0-py3-none-any.whl"
DRIVER = "jars/postgresql-42.7.14.jar"
BUCKET = "booksales-test-artifacts"


def write_wheel(path: Path, module: str) -> Path:
    """A wheel with one module, as far as packing looks at it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}.py", "THERE = True\n")
    return path


@pytest.fixture(scope="module")
def jars(state: StateFolder) -> list[Path]:
    return ensure_jars(state, java_home(state), Progress(terminal=False))


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    """The wheel, the wheels it needs, and authorities."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n")
    write_wheel(tmp_path / "wheels/jobs/duckdb-1.5.5-cp313-cp313-manylinux_2_28_x86_64.whl", "duckdb")
    write_wheel(tmp_path / "wheels/steps/sqlalchemy-2.1.9-cp313-cp313-manylinux_2_28_x86_64.whl", "sqlalchemy")
    wheel = write_wheel(tmp_path / "dist" / WHEEL, "spark_jobs")
    return {"wheel": wheel, "authorities": tmp_path / "ca.pem", "wheels": tmp_path / "wheels"}


@pytest.fixture
def package(parts: dict[str, Path], jars: list[Path], tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    make_package(folder, jars=jars, **parts)
    return folder


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3") / "server.log") as address:
        s3_client(address).create_bucket(Bucket=BUCKET)
        yield address


def test_everything_that_terraform_names_is_in_the_package(package: Path) -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "terraform").rglob("*.tf"))
    named = set(re.findall(r"package\.location\}/([\w./-]+\.\w+)", text)) | {
        "generate.py",
        "main.py",
        "steps.zip",
        DRIVER,
    }

    assert {"modules.gluewheels.zip", "rds-ca.pem"} <= named
    assert [name for name in named if not (package / name).is_file()] == []


def test_the_manifest_lists_every_file_with_its_hash(package: Path) -> None:
    manifest = json.loads((package / "package.json").read_text())

    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == set(files) - {"package.json"}
    assert manifest["files"]["main.py"] == sha256((ROOT / "spark_jobs/main.py").read_bytes()).hexdigest()
    assert {"jobs_config/environments/prod.yaml", "jobs_config/sources/bookstore.yaml", DRIVER, WHEEL} <= set(files)


def test_delta_is_left_to_the_platform(package: Path) -> None:
    assert [path.name for path in (package / "jars").iterdir()] == [Path(DRIVER).name]


def test_glue_gets_wheels_and_lambda_gets_what_is_in_them(package: Path) -> None:
    with (
        zipfile.ZipFile(package / "modules.gluewheels.zip") as modules,
        zipfile.ZipFile(package / "steps.zip") as steps,
    ):
        assert modules.namelist() == [WHEEL, "duckdb-1.5.5-cp313-cp313-manylinux_2_28_x86_64.whl"]
        assert sorted(steps.namelist()) == ["rds-ca.pem", "spark_jobs.py", "sqlalchemy.py"]
        assert {item.external_attr >> 16 for item in steps.infolist()} == {0o644}


def test_the_same_parts_make_the_same_bytes(
    package: Path, parts: dict[str, Path], jars: list[Path], tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()

    make_package(again, jars=jars, **parts)

    assert (again / "package.json").read_bytes() == (package / "package.json").read_bytes()


def test_a_version_that_is_there_is_not_written_over_unasked(package: Path, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    assert put_package(package, store, "0.1.0", replace=False)
    assert not put_package(package, store, "0.1.0", replace=False)
    manifest = json.loads((package / "package.json").read_text())
    (package / "package.json").write_text(json.dumps({**manifest, "python": "3.14"}))

    with pytest.raises(RefusedError, match=r"another package of version 0\.1\.0 is there; raise the version"):
        put_package(package, store, "0.1.0", replace=False)
    assert put_package(package, store, "0.1.0", replace=True)


def test_the_verb_puts_it_into_a_bucket(
    parts: dict[str, Path],
    s3: str,
    jars: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**ACCESS, "AWS_ENDPOINT_URL": s3, "BOOKSALES_HOME": str(jars[0].parents[1])}.items():
        monkeypatch.setenv(name, value)
    asked = ["--ca-file", str(parts["authorities"]), "--wheel", str(parts["wheel"]), "--wheels", str(parts["wheels"])]

    assert main(["aws", "package", f"s3://{BUCKET}/releases", *asked]) == ExitCode.DONE

    client = s3_client(s3)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="releases/0.1.0/")["Contents"]
    manifest = json.loads(client.get_object(Bucket=BUCKET, Key="releases/0.1.0/package.json")["Body"].read())
    assert {item["Key"].removeprefix("releases/0.1.0/") for item in listed} == {*manifest["files"], "package.json"}
    archive = client.get_object(Bucket=BUCKET, Key="releases/0.1.0/steps.zip")["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(archive)).testzip() is None
    assert f"s3://{BUCKET}/releases/0.1.0: put there" in capsys.readouterr().out
    assert main(["aws", "package", f"s3://{BUCKET}/releases", *asked]) == ExitCode.DONE
    assert "there already, the same" in capsys.readouterr().out


def test_a_bucket_that_is_not_there_is_named_with_what_would_do(
    parts: dict[str, Path],
    s3: str,
    jars: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**ACCESS, "AWS_ENDPOINT_URL": s3, "BOOKSALES_HOME": str(jars[0].parents[1])}.items():
        monkeypatch.setenv(name, value)
    asked = ["--ca-file", str(parts["authorities"]), "--wheel", str(parts["wheel"]), "--wheels", str(parts["wheels"])]

    assert main(["aws", "package", "s3://nowhere", *asked]) == ExitCode.FAILED

    assert (
        "s3://nowhere/: NoSuchBucket; there is no such bucket; `terraform output artifacts_bucket`"
        in capsys.readouterr().err
    )


def test_authorities_that_hold_no_certificate_are_refused(
    parts: dict[str, Path], jars: list[Path], tmp_path: Path
) -> None:
    parts["authorities"].write_text("<html>not found</html>")

    with pytest.raises(ConfigError, match=r"ca\.pem: holds no certificate; take the bundle of your region's databases"):
        make_package(tmp_path, jars=jars, **parts)


def test_wheels_that_are_nowhere_are_named(parts: dict[str, Path], jars: list[Path], tmp_path: Path) -> None:
    (parts["wheels"] / "steps/sqlalchemy-2.1.9-cp313-cp313-manylinux_2_28_x86_64.whl").unlink()

    with pytest.raises(PackageError, match=r"wheels/steps: no wheels there"):
        make_package(tmp_path, jars=jars, **parts)


def test_a_wheel_has_to_be_there_before(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`make wheel` builds it, --wheel names another"):
        built_wheel(tmp_path / WHEEL)


@pytest.mark.slow
def test_the_real_package_has_what_the_lambda_needs_for_its_python(
    jars: list[Path], parts: dict[str, Path], tmp_path: Path
) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path / "built"),
        str(ROOT),
    ]
    subprocess.run(build, check=True)
    (wheel,) = (tmp_path / "built").glob("*.whl")
    folder = tmp_path / "real"
    folder.mkdir()

    make_package(folder, wheel, parts["authorities"], jars)

    with zipfile.ZipFile(folder / "steps.zip") as steps:
        names = steps.namelist()
    assert "spark_jobs/control/execution_steps.py" in names
    assert any(re.fullmatch(r"psycopg2/_psycopg\.cpython-313-x86_64-linux-gnu\.so", name) for name in names)
    assert not any(name.startswith(("pyspark/", "duckdb/", "pyarrow/")) for name in names)
    with zipfile.ZipFile(folder / "modules.gluewheels.zip") as modules:
        distributions = {name.split("-")[0] for name in modules.namelist()}
    assert {"duckdb", "psycopg2_binary", "redshift_connector", "faker", "book_sales_analytics"} <= distributions
    assert "pyspark" not in distributions
