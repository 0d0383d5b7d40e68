"""How we run: settings, sources, feeds, jobs, the state folder, logging. No Spark, no AWS, no database at import."""
