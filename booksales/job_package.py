"""What jobs and state machines are made of in AWS: one folder that a bucket gets as it is, under the version's name.

main.py generate.py        entry files of the pipeline and of the shop's generator
book_sales_analytics-….whl the wheel, for EMR on EC2 and for images
modules.gluewheels.zip     the wheel and the wheels of what it needs, for Glue
steps.zip                  the Lambda of the state machines, with what it needs
jars/  jobs_config/        the PostgreSQL driver; every YAML file of the configuration
rds-ca.pem                 authorities of the databases' certificates
package.json               versions, and the hash of every file; written last
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import booksales
import jobs_config
from booksales.local_stack.errors import last_lines
from jobs_config.errors import BooksalesError, ConfigError

ROOT = Path(booksales.__file__).parents[1]
REQUIREMENTS = ROOT / "requirements"
MANIFEST = "package.json"
AUTHORITIES = "rds-ca.pem"
# What Glue 6.0 and the Lambda run.
PYTHON_VERSION = "3.13"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
# Delta is the platform's own; a second one beside it would be another.
UPLOADED_JARS = "postgresql-"
ENTRIES = {"main.py": ROOT / "spark_jobs" / "main.py", "generate.py": ROOT / "datagen" / "main.py"}
# Lambda's own bound on what an archive unpacks to.
MOST_STEPS_BYTES = 250 * 2**20
# The same bytes from the same files, whenever they are packed.
PACKED_AT = (1980, 1, 1, 0, 0, 0)


class PackageError(BooksalesError):
    """The package cannot be made; where it was to go nothing has changed."""


def built_wheel(named: Path | None) -> Path:
    """The wheel named, else the only one in dist/. Raises ConfigError where there is none, or more than one."""
    found = [named] if named else sorted((ROOT / "dist").glob("book_sales_analytics-*.whl"))
    if len(found) != 1 or not found[0].is_file():
        names = ", ".join(path.name for path in found) or "none"
        raise ConfigError(
            f"expected one wheel in {ROOT / 'dist'}, found {names}; `make wheel` builds it, --wheel names another"
        )
    return found[0]


def version_of(wheel: Path) -> str:
    """The version in a wheel's name."""
    return wheel.name.split("-")[1]


def make_package(
    folder: Path, wheel: Path, authorities: Path, jars: Sequence[Path], wheels: Path | None = None
) -> dict[str, object]:
    """Lay everything out in an empty folder; returns what its package.json says.

    `jars` are the locked jars (local_stack/jars.py), `wheels` a folder with `jobs` and `steps` inside, which hold the wheels that
    requirements/jobs.lock and steps.lock name; without it they are downloaded. Raises PackageError where something is missing.
    """
    for name, entry in ENTRIES.items():
        shutil.copyfile(entry, folder / name)
    shutil.copyfile(wheel, folder / wheel.name)
    _copy_authorities(authorities, folder / AUTHORITIES)
    (folder / "jars").mkdir()
    for jar in (jar for jar in jars if jar.name.startswith(UPLOADED_JARS)):
        shutil.copyfile(jar, folder / "jars" / jar.name)
    configuration = Path(jobs_config.__file__).parent
    for path in sorted(configuration.rglob("*.yaml")):
        target = folder / "jobs_config" / path.relative_to(configuration)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    with tempfile.TemporaryDirectory(prefix="wheels-") as scratch:
        for kind in ("jobs", "steps"):
            if wheels is None:
                _download(REQUIREMENTS / f"{kind}.lock", Path(scratch) / kind)
        found = wheels or Path(scratch)
        _zip_wheels([wheel, *_wheels(found / "jobs")], folder / "modules.gluewheels.zip")
        _zip_steps([wheel, *_wheels(found / "steps")], folder / AUTHORITIES, folder / "steps.zip")
    return _write_manifest(folder, version_of(wheel))


def _copy_authorities(authorities: Path, target: Path) -> None:
    text = authorities.read_bytes() if authorities.is_file() else b""
    if b"-----BEGIN CERTIFICATE-----" not in text:
        raise ConfigError(
            f"{authorities}: holds no certificate; take the bundle of your region's databases from "
            "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
        )
    target.write_bytes(text)


def _wheels(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.whl"))
    if not found:
        raise PackageError(f"{folder}: no wheels there")
    return found


def _download(lock: Path, folder: Path) -> None:
    """The wheels of a lock file, for the Python that AWS runs. Raises PackageError where one cannot be had."""
    line = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps",
        "--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON_VERSION,
        *(part for platform in PLATFORMS for part in ("--platform", platform)),
        "--dest", str(folder), "--requirement", str(lock),
    ]  # fmt: skip
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise PackageError(f"{lock.name}: not all wheels could be downloaded:\n{last_lines(ended.stderr)}")


def _zip_wheels(wheels: Sequence[Path], target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for wheel in wheels:
            archive.writestr(zipfile.ZipInfo(wheel.name, PACKED_AT), wheel.read_bytes())


def _zip_steps(wheels: Sequence[Path], authorities: Path, target: Path) -> None:
    """The wheels unpacked into one folder, as Lambda wants them."""
    size = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as packed:
                for item in packed.infolist():
                    size += item.file_size
                    archive.writestr(_plain(item.filename), packed.read(item))
        archive.writestr(_plain(AUTHORITIES), authorities.read_bytes())
    if size > MOST_STEPS_BYTES:
        raise PackageError(
            f"steps.zip unpacks to {size / 2**20:.0f} MiB, Lambda takes {MOST_STEPS_BYTES // 2**20} at most"
        )


def _plain(name: str) -> zipfile.ZipInfo:
    item = zipfile.ZipInfo(name, PACKED_AT)
    # Readable by Lambda's user, which is not the one that packed it.
    item.external_attr = 0o644 << 16
    item.compress_type = zipfile.ZIP_DEFLATED
    return item


def _write_manifest(folder: Path, version: str) -> dict[str, object]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest: dict[str, object] = {
        "version": version,
        "python": PYTHON_VERSION,
        "files": {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest
