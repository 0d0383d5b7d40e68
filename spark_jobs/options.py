"""What a run is told: places, source and settings. Built once from arguments; jobs never look at the environment."""

from dataclasses import dataclass
from pathlib import Path

from jobs_config.model import SourceMapping
from jobs_config.settings import Settings
from spark_jobs.extract.connection import SourceAddress


@dataclass(frozen=True)
class RunOptions:
    """Everything a run needs to know before it starts."""

    lake: str
    warehouse: Path
    reports: Path
    ledger_url: str
    settings: Settings
    mapping: SourceMapping
    address: SourceAddress | None
    pseudonym_key: bytes
    discard_history: bool = False
