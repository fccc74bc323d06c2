"""Compliant programs, changes of them, and the engine's side of the wire, for tests and the benchmark.

`docker_program` and `aws_program` are the programs; the latter is made of the other modules that begin with `aws_`.
`change` changes one property of a program. `wire` registers a program and hands it to the pack, as the engine does.
"""
