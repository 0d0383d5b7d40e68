"""What the data means: contracts, SQL, metrics, the planner, and publishing to and reading from a warehouse."""
