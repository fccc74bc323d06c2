"""The programs of the host. They run with its own Python, 3.9, and have nothing but the standard library.

In the order in which they act: `boot` reads the boot plan and fetches the files that don't fit the user data;
`bring_up` goes through the stages, from logs to answering containers; `units` makes the systemd unit of each container.
From then on `watchdog` restarts what hangs, and `ship_logs` carries the journal to CloudWatch. `names` has the
paths and names, also for the program that writes the plan.
"""
