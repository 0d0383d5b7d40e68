"""Gold fact_sales: every live sale line with its keys and amounts. Returns are negative lines that point to their sale.

Grain: one row per sale line of a source.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.lookup import looked_up
from spark_jobs.transforms.members import ERASED_ID, ERASED_KEY, UNKNOWN_KEY, under_members_source
from spark_jobs.transforms.rates import RATE, daily_rates

FRONTLIST_DAYS = 365

# What a sale takes from the version of its book that held, and from its members. A change of anything else touches no day.
OF_BOOK = ("book_key", "publisher_key", "genre_key", "published_on", "unit_cost", "currency")
OF_STORE, OF_PROMOTION, OF_CUSTOMER = ("store_key", "region_key", "channel_key"), ("promotion_key",), ("customer_key",)

# A line's gross fits 16 digits, so its product with a rate keeps all decimals before it is rounded once, half up.
LINE_MONEY = "decimal(16,2)"
MONEY = "decimal(18,2)"


def transform(
    sales: DataFrame,
    originals: DataFrame,
    books: DataFrame,
    stores: DataFrame,
    promotions: DataFrame,
    customers: DataFrame,
    customer_keys: DataFrame,
    exchange_rates: DataFrame,
    *,
    shop_currency: str,
    reporting_currency: str,
    snapshot_at: datetime,
) -> DataFrame:
    """Facts of the sales given; `originals` holds every sale line, since a return may take back a line of any day."""
    rates = daily_rates(exchange_rates, shop_currency, reporting_currency, rates_through(snapshot_at))
    live = sales.filter(F.col("deleted_at").isNull())
    return (
        live.transform(with_original_date, originals)
        .transform(under_members_source)
        .transform(with_book_version, books)
        .transform(with_members, stores, promotions, customer_key_by_id(customers, customer_keys))
        .transform(with_amounts, rates, reporting_currency)
        .withColumn("source", F.col("_own_source"))
    )


def rates_through(snapshot_at: datetime) -> Column:
    """How far the latest rate is carried on: past the snapshot, for lines that are dated ahead."""
    return F.date_add(F.lit(snapshot_at).cast("date"), 366)


def with_book_version(sales: DataFrame, books: DataFrame) -> DataFrame:
    """Adds the key of the version that held when the line was sold, and what comes with it."""
    versions = books.select(
        F.col("source").alias("_source"), F.col("book_id").alias("_book_id"), "valid_from", "valid_to", *OF_BOOK
    ).withColumnsRenamed({"unit_cost": "_unit_cost", "currency": "_cost_currency"})
    same_book = (F.col("source") == F.col("_source")) & (F.col("book_id") == F.col("_book_id"))
    held = (F.col("sold_at") >= F.col("valid_from")) & (F.col("sold_at") < F.col("valid_to"))
    found = sales.join(F.broadcast(versions), on=same_book & held, how="left")
    since = F.datediff("sale_date", "published_on")
    return (
        found.withColumns(
            {
                **{
                    name: F.coalesce(F.col(name), F.lit(UNKNOWN_KEY))
                    for name in ("book_key", "publisher_key", "genre_key")
                },
                "is_frontlist": F.coalesce(since.between(0, FRONTLIST_DAYS - 1), F.lit(False)),
            }
        )
        .withColumnRenamed("published_on", "_published_on")
        .drop("_source", "_book_id", "valid_from", "valid_to")
    )


def with_members(sales: DataFrame, stores: DataFrame, promotions: DataFrame, customers: DataFrame) -> DataFrame:
    store_keys = stores.select("source", "store_id", *OF_STORE)
    promotion_keys = promotions.select("source", "promotion_id", *OF_PROMOTION)
    found = (
        sales.join(F.broadcast(store_keys), on=["source", "store_id"], how="left")
        .join(F.broadcast(promotion_keys), on=["source", "promotion_id"], how="left")
        .transform(looked_up, customers, "source", "customer_id", "left")
    )
    keys = (*OF_STORE, *OF_PROMOTION, *OF_CUSTOMER)
    erased = F.when(F.col("customer_id") == ERASED_ID, F.lit(ERASED_KEY).cast("bigint"))
    return found.withColumns(
        {name: F.coalesce(F.col(name), F.lit(UNKNOWN_KEY)) for name in keys}
        | {"customer_key": F.coalesce(F.col("customer_key"), erased, F.lit(UNKNOWN_KEY))}
    )


def customer_key_by_id(customers: DataFrame, customer_keys: DataFrame) -> DataFrame:
    """The shop's customer id to our key, over the keyed hash; the id itself goes no further."""
    return (
        customers.select("source", "customer_id", "customer_hash")
        .join(
            customer_keys.select("source", "customer_hash", "customer_key"), on=["source", "customer_hash"], how="inner"
        )
        .select("source", "customer_id", "customer_key")
    )


def with_original_date(sales: DataFrame, all_sales: DataFrame) -> DataFrame:
    """Adds the business date of the line that a return takes back. Only returns are joined: to a join all others have the same key."""
    is_return = F.col("original_sale_id").isNotNull()
    returns, others = sales.filter(is_return), sales.filter(~is_return)
    wanted = returns.select("source", F.col("original_sale_id").alias("sale_id"))
    originals = looked_up(all_sales, wanted, "source", "sale_id", "left_semi").select(
        "source", F.col("sale_id").alias("original_sale_id"), F.col("sale_date").alias("original_sale_date")
    )
    dated = returns.join(originals, on=["source", "original_sale_id"], how="left")
    return dated.unionByName(others.withColumn("original_sale_date", F.lit(None).cast("date")))


def with_amounts(sales: DataFrame, rates: DataFrame, reporting_currency: str) -> DataFrame:
    """Adds the amounts, each rounded half up per line; net is a difference, so amounts add up to the cent.

    Amounts that need a rate which is not known are null.
    """
    rated = sales.transform(with_rate, "_rate", "currency", rates, reporting_currency)
    costed = rated.transform(with_cost_rate, rates, reporting_currency)
    gross = (F.col("quantity") * F.col("unit_price")).cast(LINE_MONEY)
    discount = F.col("discount_amount").cast(LINE_MONEY)
    cost = F.coalesce(F.col("quantity") * F.col("_unit_cost"), F.lit(0)).cast(LINE_MONEY)
    rate = F.col("_rate")
    amounts = {
        "is_return": F.col("kind") == "return",
        "gross_amount": gross.cast(MONEY),
        "discount_amount": discount.cast(MONEY),
        "net_amount": (gross - discount).cast(MONEY),
        "tax_amount": F.col("tax_amount").cast(MONEY),
        # Through the reporting currency, so a cost in the sale's own currency needs no further rate.
        "cost_amount": F.when(F.col("_cost_currency") == F.col("currency"), cost.cast(MONEY)).otherwise(
            _rounded(cost * (F.col("_cost_rate") / rate).cast(RATE))
        ),
        "gross_reporting_amount": _rounded(gross * rate),
        "discount_reporting_amount": _rounded(discount * rate),
        "net_reporting_amount": (_rounded(gross * rate) - _rounded(discount * rate)).cast(MONEY),
        "tax_reporting_amount": _rounded(F.col("tax_amount").cast(LINE_MONEY) * rate),
        "cost_reporting_amount": _rounded(cost * F.col("_cost_rate")),
        "in_default_totals": F.coalesce("in_default_totals", F.lit(True)),
    }
    return costed.withColumns(amounts)


def with_cost_rate(sales: DataFrame, rates: DataFrame, reporting_currency: str) -> DataFrame:
    """Adds `_cost_rate`, the rate of the book version's currency; 1 where the book has no cost."""
    found = sales.transform(with_rate, "_cost_rate", "_cost_currency", rates, reporting_currency)
    return found.withColumn(
        "_cost_rate", F.when(F.col("_unit_cost").isNull(), F.lit(1).cast(RATE)).otherwise(F.col("_cost_rate"))
    )


def with_rate(sales: DataFrame, name: str, currency: str, rates: DataFrame, reporting_currency: str) -> DataFrame:
    """Adds the rate of the currency in column `currency` on the line's business date; null where none is known so early."""
    same_day = (
        (F.col("source") == F.col("_rate_source"))
        & (F.col(currency) == F.col("_rate_currency"))
        & (F.col("sale_date") == F.col("_rate_day"))
    )
    of_day = rates.select(
        F.col("source").alias("_rate_source"), F.col("rate_currency").alias("_rate_currency"),
        F.col("rate_day").alias("_rate_day"), F.col("rate").alias("_found_rate"),
    )  # fmt: skip
    found = sales.join(F.broadcast(of_day), on=same_day, how="left")
    rate = F.when(F.col(currency) == reporting_currency, F.lit(1).cast(RATE)).otherwise(F.col("_found_rate"))
    return found.withColumn(name, rate).drop("_rate_source", "_rate_currency", "_rate_day", "_found_rate")


def _rounded(amount: Column) -> Column:
    return F.round(amount, 2).cast(MONEY)
