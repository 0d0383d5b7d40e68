"""A generated shop as files: a folder per table, of Parquet, Delta or CSV.

Start reading at `export.py`. Blocks of sales are made by several processes (`workers.py`), each into a file of its own (`formats.py`).
"""
