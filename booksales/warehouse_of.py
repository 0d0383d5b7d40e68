"""The warehouse of an installation, as its settings name it."""

from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder
from warehouse.warehouses import Warehouse, open_warehouse


def warehouse_of(state: StateFolder, settings: Settings | None = None) -> Warehouse:
    """Redshift where the settings name it, else the state folder's own. Raises PublicationError, ConfigError."""
    told = settings or load_settings()
    return open_warehouse(state.warehouse, told.warehouse_url, told.warehouse_export, told.warehouse_copy_role)
