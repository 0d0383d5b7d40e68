"""What Alembic runs for each upgrade, over the connection it is given."""

from alembic import context

from api.auth.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, version_table="accounts_version")
context.run_migrations()
