"""What outlives a run: the ledger of runs, the lease of the one writer, the database that holds both. Read without Spark."""
