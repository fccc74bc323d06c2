"""What the policy pack costs, measured as ratios within one run, because every machine is another one.

`make bench` prints a table and fails where a budget is broken. docs/benchmark.md says how to read it.
"""
