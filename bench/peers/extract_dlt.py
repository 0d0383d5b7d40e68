"""dlt with its ConnectorX backend, to Parquet files.   extract_dlt.py FOLDER"""

import sys

import dlt
from dlt.destinations import filesystem
from dlt.sources.sql_database import sql_table
from source import TABLE, URL


def main() -> None:
    folder = sys.argv[1]
    pipeline = dlt.pipeline("bench", destination=filesystem(f"file://{folder}/out"), pipelines_dir=f"{folder}/state")
    resource = sql_table(URL, table=TABLE, backend="connectorx", backend_kwargs={"return_type": "arrow"})
    pipeline.run(resource, loader_file_format="parquet").raise_on_failed_jobs()


if __name__ == "__main__":
    main()
