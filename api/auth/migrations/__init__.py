"""Steps from one shape of the accounts database to the next, run by Alembic; `database.migrate` applies them."""
