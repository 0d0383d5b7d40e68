"""Gold dim_date: the calendar from the first sale's year to the end of the year in which the source was read.

Grain: one row per calendar day. The retail week begins on a day that is a setting; ISO weeks begin on Monday.
"""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# Days to go back to the week's first day, by Spark's dayofweek (1 Sunday to 7 Saturday).
WEEK_OFFSET = {"sunday": 1, "monday": 2, "saturday": 7}


def transform(sales: DataFrame, *, calendar_year: int, retail_week_start: str) -> DataFrame:
    first_day, last_day = F.lit(date(calendar_year, 1, 1)), F.lit(date(calendar_year, 12, 31))
    span = sales.agg(
        F.least(F.trunc(F.min("sale_date"), "year"), first_day).alias("_first"),
        F.greatest(last_day, F.max("sale_date")).alias("_last"),
    )
    days = span.select(F.explode(F.sequence("_first", "_last")).alias("date"))
    back = (F.dayofweek("date") - WEEK_OFFSET[retail_week_start] + 7) % 7
    return days.select(
        "date",
        (F.weekday("date") + 1).alias("day_of_week"),
        F.date_format("date", "EEEE").alias("day_name"),
        F.date_sub("date", back).alias("week_start"),
        F.extract(F.lit("YEAROFWEEK"), "date").cast("int").alias("iso_year"),
        F.weekofyear("date").alias("iso_week"),
        F.month("date").alias("month"),
        F.date_format("date", "MMMM").alias("month_name"),
        F.trunc("date", "month").alias("month_start"),
        F.quarter("date").alias("quarter"),
        F.trunc("date", "quarter").alias("quarter_start"),
        F.year("date").alias("year"),
        F.trunc("date", "year").alias("year_start"),
        (F.weekday("date") >= 5).alias("is_weekend"),
        event_of(F.col("date")).alias("event"),
    )


def event_of(day: Column) -> Column:
    """The feast or trade event of a day, null for most days; moving feasts follow Easter or the weekday."""
    easter = easter_sunday(F.year(day))
    thanksgiving = _nth_thursday_of_november(day, 4)
    return (
        F.when(day == easter, "Easter Sunday")
        .when(day == F.date_sub(easter, 2), "Good Friday")
        .when(day == F.date_add(easter, 1), "Easter Monday")
        .when(day == thanksgiving, "Thanksgiving")
        .when(day == F.date_add(thanksgiving, 1), "Black Friday")
        .when(day == F.date_add(thanksgiving, 4), "Cyber Monday")
        .when(_month_day(day) == "02-14", "Valentine's Day")
        .when(_month_day(day) == "04-23", "World Book Day")
        .when(_month_day(day) == "10-31", "Halloween")
        .when(_month_day(day) == "12-24", "Christmas Eve")
        .when(_month_day(day) == "12-25", "Christmas Day")
        .when(_month_day(day) == "12-26", "Boxing Day")
        .when(_month_day(day) == "01-01", "New Year's Day")
    )


def easter_sunday(year: Column) -> Column:
    """Western Easter of a Gregorian year, by the anonymous algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, F.floor(year / 100), year % 100
    d, e = F.floor(b / 4), b % 4
    g = F.floor((b * 8 + 13) / 25)
    h = (a * 19 + b - d - g + 15) % 30
    i, k = F.floor(c / 4), c % 4
    ell = (e * 2 + i * 2 - h - k + 32) % 7
    m = F.floor((a + h * 11 + ell * 19) / 433)
    month = F.floor((h + ell - m * 7 + 90) / 25)
    day = (h + ell - m * 7 + month * 33 + 19) % 32
    return F.make_date(year.cast("int"), month.cast("int"), day.cast("int"))


def _nth_thursday_of_november(day: Column, nth: int) -> Column:
    first = F.make_date(F.year(day), F.lit(11), F.lit(1))
    until_thursday = (F.lit(5) - F.dayofweek(first) + 7) % 7
    return F.date_add(first, until_thursday + 7 * (nth - 1))


def _month_day(day: Column) -> Column:
    return F.date_format(day, "MM-dd")
