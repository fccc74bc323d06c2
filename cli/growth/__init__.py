"""Benchmark of programs with many deployments: `make bench-growth`.

Measures `pulumi preview` of a program with 1, 10 and 50 deployments, and of a flat program that registers the same
resources without a component. docs/benchmark.md says how to read the table.

`deployments`  the program with components
`recording`    records what that program registers
`flat`         the program without components, which registers the recorded resources
`recommended`  what a program with many deployments does to preview in less time
`project`      previews both with the engine, and measures processor time and memory
`process_tree` the memory of a command with all that it starts
`figures`      the limits, and what tells a difference from noise
"""
