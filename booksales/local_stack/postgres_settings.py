"""The embedded PostgreSQL's own configuration: a shop's database on a laptop, durable, bounded, passwords only."""

from booksales.local_stack.processes import LOOPBACK
from jobs_config.machine import MEGABYTE

# Nobody is let in without a password, on any route. Written by us, not left to initdb's defaults.
HOST_RULES = f"""\
# type  database  user  address         method
local   all       all                   scram-sha-256
host    all       all   {LOOPBACK}/32  scram-sha-256
"""

MOST_BUFFERS_MB = 256
LEAST_BUFFERS_MB = 16


def server_settings(port: int, memory_bytes: int) -> str:
    """The text of postgresql.conf for a machine with that much memory."""
    buffers = shared_buffers_mb(memory_bytes)
    settings: dict[str, str | int | float] = {
        "listen_addresses": LOOPBACK,
        "port": port,
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "max_connections": 100,
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{4 * buffers}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{buffers}MB",
        # Parallel queries share memory from here first: containers often give /dev/shm only 64 MB.
        "min_dynamic_shared_memory": f"{buffers // 4}MB",
        "random_page_cost": 1.1,
        "jit": "off",
        # What is committed stays committed, also in a demonstration.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # Nothing replicates from here, so a table made and filled in one transaction need not go through the log.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "wal_compression": "on",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u@%d ",
    }
    lines = (f"{name} = '{value}'" for name, value in settings.items())
    return "# Written at every start.\n" + "\n".join(lines) + "\n"


def shared_buffers_mb(memory_bytes: int) -> int:
    """A sixteenth of the memory, 256 MB at most: Spark runs beside it."""
    return max(LEAST_BUFFERS_MB, min(MOST_BUFFERS_MB, memory_bytes // 16 // MEGABYTE))
