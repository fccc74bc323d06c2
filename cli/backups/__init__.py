"""The commands for backups: one module for each command, and their shared modules.

`backup`    `make backup`: have the stack make a backup now
`listing`   `make backups`: the backups, and what is wrong with them
`restore`   `make restore`: put a backup into a stack
`upgrade`   `make upgrade`: a newer Kotauth or PostgreSQL, after a backup
`drill`     `make restore-drill`: prove that a backup can be restored
`kit`       `make backup-kit`: what a restore needs when host and state are gone
`source`    where backups come from: the repository of a stack, or a kit
`site`      a stack that runs: its settings, its containers
`host`      requests to the Docker daemon of a stack
`job`       containers that run once, hardened like those of a stack
`turn`      one restore, upgrade or drill at a time
`manifest`  what a backup says of itself
"""
