"""Silver: typed, one row per key, deleted rows kept and marked."""
