"""What shop to generate, and how large its tables become."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from jobs_config.errors import ConfigError

MAX_YEARS = 50
MAX_SALES = 1_000_000_000
PRESETS = {"small": 100_000, "medium": 1_000_000, "large": 100_000_000}
CATALOGUE_YEARS_BEFORE = 15
EARLIEST_YEAR = 1900
MAX_SEED = 2**63 - 1
MAX_ANOMALIES = 400
MOST_FAULTS = 0.5
# Lines of the last day still arrive in the small hours; nothing in the shop is younger.
AS_OF_HOUR = 3


def yesterday() -> date:
    """The last day that is over everywhere in UTC, the shop's default time zone."""
    return datetime.now(UTC).date() - timedelta(days=1)


@dataclass(frozen=True)
class ShopPlan:
    """Size, span and seed of a shop; equal plans make equal data.

    `sales` counts rows of sales_sale, returns included; `anomalies` are planted among them (datagen/anomalies.py). `faults` is the
    share of rows that are damaged afterwards (datagen/shop_faults.py, datagen/files/faults.py).

    Raises ConfigError for a plan that no shop can follow.
    """

    sales: int
    years: int = 5
    seed: int = 7
    until: date = field(default_factory=yesterday)
    anomalies: int = 0
    faults: float = 0.0

    def __post_init__(self) -> None:
        check_range("sales", self.sales, 1, MAX_SALES)
        check_range("years", self.years, 1, MAX_YEARS)
        check_range("seed", self.seed, 0, MAX_SEED)
        check_range("anomalies", self.anomalies, 0, MAX_ANOMALIES)
        if not 0 <= self.faults <= MOST_FAULTS:
            raise ConfigError(f"faults is {self.faults}; use a share of the records from 0 to {MOST_FAULTS}")
        if self.until > yesterday():
            raise ConfigError(f"until is {self.until}, a day that is not over; use {yesterday()} or an earlier day")
        if self.until.year - self.years - CATALOGUE_YEARS_BEFORE < EARLIEST_YEAR:
            raise ConfigError(
                f"until is {self.until} with {self.years} years; the catalogue would begin before {EARLIEST_YEAR}, "
                "use a later day or fewer years"
            )

    @property
    def first_day(self) -> date:
        """The first day with sales: `years` years that end on `until`."""
        return _years_before(self.until, self.years) + timedelta(days=1)

    @property
    def catalogue_from(self) -> date:
        """The day the oldest book was published."""
        return _years_before(self.first_day, CATALOGUE_YEARS_BEFORE)

    @property
    def as_of(self) -> datetime:
        """The instant the shop is seen at: every row was created, changed and deleted before it."""
        return datetime.combine(self.until + timedelta(days=1), time(AS_OF_HOUR), UTC)


def check_range(name: str, value: int, lowest: int, highest: int) -> None:
    """Raises ConfigError for a number out of its range."""
    if not lowest <= value <= highest:
        raise ConfigError(f"{name} is {value}; use a number from {lowest} to {highest}")


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February of a year without one
        return day.replace(year=day.year - years, day=28)
