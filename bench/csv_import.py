"""How fast does a CSV file come in, and in how much memory?

    python -m bench.csv_import --records 2000000 --out bench/results/csv_import_2m.json

Writes a file of historical sales, makes a small shop in a state folder of its own, imports the file by `booksales import-csv`, and
samples the memory of every process below it. With `--read-only` it times reading alone, in this process: blocks, counter, hash,
typed records.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.measured import machine_in_words, measure
from bench.pipeline import PHASE, source_of
from booksales.lake_files import LakeFiles
from jobs_config.loader import load_feed
from jobs_config.machine import MEGABYTE
from spark_jobs.extract.csv_batches import BatchReader, PlainFile
from spark_jobs.extract.csv_count import count_physical_records
from spark_jobs.extract.csv_file import blocks_of, content_hash, read_header

FEED = "till_archive"
SHOP_SALES = 20_000
HEADER = "RECEIPT|LINE|TYPE|EAN|STORE|CUSTOMER|TIME|QTY|PRICE|DISCOUNT|TAX\n"
# Ten years of business days, so that months and partitions are as many as in life.
DAYS = 3_650


def write_file(path: Path, records: int, isbns: list[str], stores: list[str]) -> None:
    """Sales of ten years before 2020, one day after the other; one of a thousand has a fault."""
    with path.open("w") as file:
        file.write(HEADER)
        for number in range(records):
            day = time.gmtime((18_000 - DAYS + number * DAYS // records) * 86_400)
            clock = (
                f"{day.tm_year}{day.tm_mon:02d}{day.tm_mday:02d} {9 + number % 9:02d}{number % 60:02d}{number % 59:02d}"
            )
            price = "19.99" if number % 1_000 == 999 else str(500 + number % 3_000)
            fields = (
                f"R{number // 3}", str(number % 3 + 1), "S", isbns[number % len(isbns)], stores[number % len(stores)], "", clock,
                str(1 + number % 4), price, "0", str(price.count("9")),
            )  # fmt: skip
            file.write("|".join(fields) + "\n")


def time_reading(path: Path) -> dict[str, object]:
    """Seconds of processor time for each part, in one process."""
    feed, seconds = load_feed(FEED), {}

    def timed(name: str, began: float) -> float:
        seconds[name] = round(time.process_time() - began, 2)
        return time.process_time()

    began = time.process_time()
    sha256 = content_hash(path)
    began = timed("hash", began)
    header = read_header(path, feed)
    blocks = list(blocks_of(path, feed, header.length))
    began = timed("blocks", began)
    counted = count_physical_records(path, feed.delimiter, feed.quoting != "none")
    began = timed("counter", began)
    reader, file, read = BatchReader(feed, bytes(32)), PlainFile(str(path), sha256, header), 0
    for block in blocks:
        read += reader.batch(reader._records(file, vars(block)), file).num_rows
    timed("records", began)
    assert counted == read + 1
    peak = psutil.Process().memory_info().rss // MEGABYTE
    return {
        "processor_seconds": seconds,
        "records_a_second_and_process": round(read / seconds["records"]),
        "rss_mb": peak,
    }


def time_import(path: Path, home: Path) -> dict[str, object]:
    """The whole command, Spark's start included. PostgreSQL runs already: it is no part of this."""
    line = [sys.executable, "-m", "booksales.cli", "import-csv", FEED, str(path)]
    with source_of(home):
        # 4: some records are quarantined, as planted.
        taken = measure(line, {"BOOKSALES_HOME": str(home)}, ends_with=(0, 4))
    phases = {name: float(seconds) for name, seconds in PHASE.findall(taken.said)}
    return {**taken.as_values(), "phases": phases, "output": taken.said.splitlines()}


def make_shop(home: Path) -> tuple[list[str], list[str]]:
    """A small shop, loaded; its ISBNs and store codes."""
    subprocess.run(
        [sys.executable, "-m", "booksales.cli", "demo", "--no-serve", "--sales", str(SHOP_SALES)],
        env={**os.environ, "BOOKSALES_HOME": str(home)}, check=True, capture_output=True,
    )  # fmt: skip
    lake = LakeFiles(str(home / "lake"))

    def column(table: str, name: str) -> list[str]:
        rows = lake.rows(f"silver.{table}").to_table(columns=[name])
        return sorted({str(value) for value in rows[name].to_pylist()})

    return column("books", "isbn13"), column("stores", "code")


def main() -> int:
    """Measure what the arguments ask for and write it down."""
    parser = argparse.ArgumentParser(description="Time the import of a CSV file and watch its memory.")
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--read-only", action="store_true", help="reading alone, in this process")
    parser.add_argument("--out", type=Path, required=True)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path, home = Path(folder) / "tills.csv", Path(folder) / "booksales"
        isbns, stores = (["9780306406157"], ["US-WEB"]) if parsed.read_only else make_shop(home)
        write_file(path, parsed.records, isbns, stores)
        load = os.getloadavg()
        measured = time_reading(path) if parsed.read_only else time_import(path, home)
        result = {
            "records": parsed.records,
            "megabytes": path.stat().st_size // MEGABYTE,
            **measured,
            "machine": machine_in_words(),
            "load_before": load,
            "load_after": os.getloadavg(),
        }
        text = re.sub(re.escape(folder), "", json.dumps(result, indent=2, ensure_ascii=False))
    parsed.out.write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
