"""What a run is told: places, source and settings. Built once from arguments; of the environment jobs take secrets alone."""

import os
from dataclasses import dataclass
from pathlib import Path

from jobs_config.errors import ConfigError
from jobs_config.model import SourceMapping
from jobs_config.settings import Settings
from spark_jobs.control.lease import FILE_LEASE, Lease
from spark_jobs.extract.connection import SourceAddress
from warehouse.warehouses import Warehouse, open_warehouse

# Where secrets are: never in an argument, which every user of the machine can see.
PSEUDONYM_VARIABLE, LANDING_VARIABLE = "BOOKSALES_PSEUDONYM_KEY", "BOOKSALES_LANDING_KEY"
KEY_BYTES = 32


@dataclass(frozen=True)
class RunOptions:
    """Everything a run needs to know before it starts; `lease` tells whether it may still write.

    `execution` is the state machine's that started it.
    """

    lake: str
    warehouse: Path
    reports: Path
    ledger_url: str
    settings: Settings
    mapping: SourceMapping
    address: SourceAddress | None
    pseudonym_key: bytes
    discard_history: bool = False
    lease: Lease = FILE_LEASE
    execution: str = ""

    def open_warehouse(self) -> Warehouse:
        """Where gold is published to: Redshift where the settings name it, else the folder. Raises PublicationError."""
        told = self.settings
        return open_warehouse(self.warehouse, told.warehouse_url, told.warehouse_export, told.warehouse_copy_role)


def secret_key(variable: str) -> bytes:
    """The key in an environment variable. Raises ConfigError, which never shows it, when it is not 64 hexadecimal digits."""
    text = os.environ.get(variable, "")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise ConfigError(f"{variable} holds other characters than hexadecimal digits") from None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{variable} holds {len(key)} bytes; it must hold {KEY_BYTES}, as hexadecimal digits")
    return key
