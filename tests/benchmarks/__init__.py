"""How fast the laboratory is, in ratios to what people usually use.

`uv run --group bench python -m tests.benchmarks` prints them.
"""
