"""Getting data out of sources: PostgreSQL in one snapshot, CSV files record by record."""
