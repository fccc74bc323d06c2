"""The Pulumi engine: found, downloaded or built; `selection` says in which order.

`official` is the CLI on PATH or Pulumi's own download, `built` the one from the Go module proxy (`go/`), compiled by
`go_toolchain`, with `python_host` to run Python programs. `pins` has every version.
"""
