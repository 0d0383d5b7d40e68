"""One module per page, each read from top to bottom."""
