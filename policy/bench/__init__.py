"""Benchmark of the policy pack: ratios within one run, because machines differ.

`make bench` prints a table and fails where a budget is broken. docs/benchmark.md says how to read it.

`measured_stack` makes the stack, `packs` the packs that are compared. `pack_process` asks a pack alone, `preview` has
the engine ask it. `budget` compares what was measured with what is allowed.
"""
