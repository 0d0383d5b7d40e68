"""The dashboard. It reads the API by `api.client` and nothing else."""
