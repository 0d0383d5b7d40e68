"""What Alembic runs for each upgrade."""

from api.database import run_migrations

run_migrations()
