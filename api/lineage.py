"""Where numbers come from: every table, and which others it is made of, as contracts, jobs and the semantic model say."""

from dataclasses import dataclass
from functools import cache

from api.view import MODEL
from jobs_config.loader import load_job, load_source, names_of
from warehouse.contract import load_contract, tables_of
from warehouse.planner import FACT


@dataclass(frozen=True)
class Lineage:
    """Tables by name with their grain; edges say which table another is made of."""

    tables: dict[str, str]
    edges: list[tuple[str, str]]


@cache
def lineage(source: str) -> Lineage:
    """From the source's tables to the rollups that answer. Raises ConfigError where the source's mapping is not there."""
    mapping = load_source(source)
    jobs = [load_job(name) for name in names_of("jobs")]
    grains = {
        f"{layer}.{name}": load_contract(f"{layer}.{name}").grain
        for layer in ("silver", "gold")
        for name in tables_of(layer)
    }
    rollups = {f"warehouse.{name}": rollup.grain for name, rollup in MODEL.rollups.items()}
    # A dimension reads itself to keep its keys; that is no origin.
    edges = [(read, job.writes) for job in jobs for read in dict.fromkeys(job.reads.values()) if read != job.writes]
    edges += [(f"{mapping.source}.{table.table}", f"bronze.{name}") for name, table in mapping.tables.items()]
    edges += [
        (f"warehouse.{rollup.made_from}" if rollup.made_from else f"gold.{FACT}", f"warehouse.{name}")
        for name, rollup in MODEL.rollups.items()
    ]
    named = dict.fromkeys(name for edge in edges for name in edge)
    return Lineage({name: {**grains, **rollups}.get(name, "") for name in named}, sorted(set(edges)))
