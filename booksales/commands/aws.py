"""`booksales aws package`: lay out what jobs and state machines are made of, in a folder or a bucket."""

import argparse
import tempfile
from pathlib import Path

from booksales.commands import Verbs, add_json, add_verb, as_json
from booksales.job_package import built_wheel, make_package, version_of
from booksales.local_stack.jars import ensure_jars
from booksales.local_stack.java import java_home
from booksales.package_store import put_package, store_at
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "aws", "lay out what jobs are made of in AWS, in a folder or a bucket", run,
        "booksales aws package dist/aws --ca-file global-bundle.pem",
        "booksales aws package s3://booksales-prod-artifacts-222222222222 --ca-file global-bundle.pem",
    )  # fmt: skip
    verb.add_argument("action", choices=("package",))
    verb.add_argument("target", help="a folder, or s3://bucket/prefix; the version's name comes below it")
    verb.add_argument(
        "--ca-file",
        type=Path,
        required=True,
        help="PEM file of the authorities that the databases' certificates are from",
    )
    verb.add_argument(
        "--wheel", type=Path, default=None, help="the wheel (default: the one in dist, from `make wheel`)"
    )
    verb.add_argument(
        "--wheels", type=Path, default=None, help="folder with the wheels that jobs need, instead of downloading them"
    )
    verb.add_argument("--replace", action="store_true", help="write over another package of this version")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    progress = Progress()
    wheel, store = built_wheel(arguments.wheel), store_at(arguments.target)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        state = open_state()
        jars = ensure_jars(state, java_home(state), progress)
        with progress.phase("lay out the package"):
            manifest = make_package(Path(folder), wheel, arguments.ca_file, jars, arguments.wheels)
        with progress.phase("put it into place"):
            is_new = put_package(Path(folder), store, version_of(wheel), arguments.replace)
    if arguments.json:
        print(as_json(manifest))
    else:
        place = f"{arguments.target.rstrip('/')}/{manifest['version']}"
        print(f"{place}: {'put there' if is_new else 'there already, the same'}; package.json lists the files")
    return ExitCode.DONE
