"""Write the hashes of jobs_config/jars*.yaml anew: `python -m booksales.local_stack.lock_jars`, by `make lock`.

The coordinates stay as they stand in the file; their versions are those that AWS runs (docs/decisions).
"""

import re
import sys
import tempfile
from pathlib import Path

from booksales.local_stack.jars import LOCK, S3_LOCK, read_lock, resolve, sha256
from booksales.local_stack.java import java_home
from jobs_config.errors import BooksalesError
from jobs_config.state import open_state


def main() -> int:
    try:
        for path in (LOCK, S3_LOCK):
            print(f"{path}: {write_hashes(path)} of {len(read_lock(path).jars)} hashes changed")
    except BooksalesError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def write_hashes(path: Path) -> int:
    """Resolve what the file names and put the hashes found into it, comments untouched; how many changed."""
    lock = read_lock(path)
    with tempfile.TemporaryDirectory(prefix="booksales-lock-") as folder:
        state = open_state(Path(folder) / "state")
        resolved = resolve(lock, java_home(state), state.temporary)
        found = {jar.coordinate: sha256(resolved[jar.file]) for jar in lock.jars}
    text = path.read_text()
    for coordinate, digest in found.items():
        text = re.sub(rf"(coordinate: {re.escape(coordinate)}\n\s+sha256:).*", rf"\1 {digest}", text)
    path.write_text(text)
    return sum(jar.sha256 != found[jar.coordinate] for jar in lock.jars)


if __name__ == "__main__":
    sys.exit(main())
