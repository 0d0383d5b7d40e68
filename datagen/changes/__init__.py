"""The change simulator: further business days of a generated shop.

Start reading at `simulate.py`. A day is planned by reading alone (`day.py` and what it calls) and then written (`write.py`), which is
how a dry run can say what would be done.
"""
