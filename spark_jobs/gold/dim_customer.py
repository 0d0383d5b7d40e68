"""Gold dim_customer: pseudonymised; no name, no address, no e-mail.

Grain: one row per customer of a source, plus the unknown member 0 and the erased member -1, which stands for everybody who was erased.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import ERASED_KEY, UNKNOWN_KEY, as_large_dimension, under_members_source, with_member

NATURAL = ("source", "customer_hash")


def transform(
    customers: DataFrame, sales: DataFrame, regions: DataFrame, suppressions: DataFrame, existing: DataFrame
) -> DataFrame:
    is_live_sale = F.col("deleted_at").isNull() & (F.col("kind") == "sale") & F.col("customer_id").isNotNull()
    # Sales of files are sales of the same person; but for those that say again what the shop has said.
    counts = F.coalesce("in_default_totals", F.lit(True))
    first_sales = (
        sales.filter(is_live_sale & counts)
        .transform(under_members_source)
        .groupBy("source", "customer_id")
        .agg(F.min("sale_date").alias("first_sale_date"))
    )
    region_keys = F.broadcast(regions.select("source", "region_id", "region_key"))
    members = (
        customers.join(first_sales, on=["source", "customer_id"], how="left")
        .join(region_keys, on=["source", "region_id"], how="left")
        .select(
            *NATURAL,
            F.coalesce("region_key", F.lit(UNKNOWN_KEY)).alias("region_key"),
            "segment",
            "first_sale_date",
            F.lit(False).alias("is_erased"),
            F.col("deleted_at").isNotNull().alias("is_deleted"),
        )
    )
    known = existing.transform(without_erased, suppressions)
    return as_large_dimension(
        members, known, "customer_key", NATURAL, region_key=UNKNOWN_KEY, segment="unknown", is_erased=False
    ).transform(with_member, "customer_key", ERASED_KEY, region_key=UNKNOWN_KEY, segment="erased", is_erased=True)


def without_erased(members: DataFrame, suppressions: DataFrame) -> DataFrame:
    """Members of people who were not erased: a gone member would stay, marked deleted."""
    digests = suppressions.select("source", F.col("customer_digest").alias("_digest"))
    return (
        members.filter(~F.col("is_erased"))
        .withColumn("_digest", F.sha2("customer_hash", 256))
        .join(F.broadcast(digests), on=["source", "_digest"], how="left_anti")
        .drop("_digest")
    )
