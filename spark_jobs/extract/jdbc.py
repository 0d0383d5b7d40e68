"""Reading a table of the snapshot by Spark's JDBC: many partitions, one moment.

Every partition imports the keeper's snapshot. Spark runs `sessionInitStatement` and the query in one transaction only if the
option is spelt `fetchsize`, lower case; spelt otherwise it silently is not. So every query carries a guard that yields no row in
another snapshot, and whoever calls compares the rows with the keeper's count.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.extract.pseudonym import pseudonymised
from spark_jobs.extract.query import Query
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceTable

FETCH_ROWS = 10_000


def read_query(reader: Reader, table: SourceTable, query: Query) -> DataFrame:
    """The bronze rows of a query: contract columns, personal ones hashed, and the bronze columns; those of erased people too."""
    snapshot = reader.snapshot
    rows = reader.spark.read.jdbc(
        snapshot.address.jdbc_url,
        query.expression,
        predicates=list(query.predicates),
        properties={
            **snapshot.address.jdbc_properties,
            "fetchsize": str(FETCH_ROWS),
            "sessionInitStatement": "set transaction isolation level repeatable read, read only; "
            f"set transaction snapshot '{snapshot.identifier}'",
        },
    )
    return pseudonymised(rows.drop("_position"), table.mapping, reader.key).withColumns(
        {
            "_run_seq": F.lit(reader.run_seq).cast("bigint"),
            "_extracted_at": F.lit(snapshot.taken_at),
            "_source": F.lit(reader.source),
        }
    )
