"""A book shop that does not exist, repeatable from a seed: schema, catalogue, customers and sales in PostgreSQL."""
