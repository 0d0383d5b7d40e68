"""Benchmarks: one question a module, peers beside us, raw results kept in `results/`.

`python -m bench --help` lists them. Peers run in an environment of their own (requirements/bench.lock), as processes that are
measured from outside; nothing here is part of the product.
"""
