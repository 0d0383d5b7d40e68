"""Steps from one shape of the audit database to the next, run by Alembic."""
