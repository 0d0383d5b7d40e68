"""The REST API: a handler parses, asks the warehouse, shapes. `api.client` needs neither FastAPI nor a database."""
