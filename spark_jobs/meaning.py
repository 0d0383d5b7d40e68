"""What the amounts and dates of a run mean: kept with the run, so that whatever is built on it later means the same."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import RowMapping

from jobs_config.errors import ConfigError
from spark_jobs.options import RunOptions

Meaning = dict[str, str]

# What a publication says of itself; what decides amounts and dates of a run; of a table, whose calendar ends with a year.
OF_PUBLICATION = ("reporting_currency", "time_zone", "retail_week_start")
OF_RUN = (*OF_PUBLICATION, "shop_currency")
OF_TABLE = (*OF_RUN, "calendar_year")


def meaning_of(options: RunOptions) -> Meaning:
    """What a run with these options would mean."""
    return {
        "time_zone": options.settings.time_zone,
        "shop_currency": options.mapping.shop_currency,
        "reporting_currency": options.settings.reporting_currency,
        "retail_week_start": options.settings.retail_week_start,
    }


def as_read(run: RowMapping) -> tuple[datetime, Meaning]:
    """When a run of the ledger read its source, and what it means."""
    return datetime.fromisoformat(run["snapshot_at"]), json.loads(run["meaning"])


def check_meaning(run: RowMapping, options: RunOptions) -> None:
    """Raises ConfigError where a run of the ledger filled the lake with another meaning than the options have."""
    said: Meaning = json.loads(run["meaning"])
    if said != meaning_of(options):
        raise ConfigError(
            f"run {run['run_seq']} filled the lake with {_listed(said)}; the settings now say {_listed(meaning_of(options))}. "
            "`booksales reload` makes them agree, or set them back"
        )


def job_parameters(meaning: Mapping[str, str], snapshot_at: datetime) -> dict[str, object]:
    """What transforms may ask for by name."""
    return {**meaning, "snapshot_at": snapshot_at, "calendar_year": snapshot_at.year}


def _listed(meaning: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in meaning.items())
