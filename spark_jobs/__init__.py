"""Bronze, silver, gold: extraction and transformation on Spark. Read `registry.py` first."""
