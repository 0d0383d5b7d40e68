"""The warehouse on one machine: each generation a DuckDB file, and a pointer to the one that serves."""
