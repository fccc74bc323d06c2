"""Turns ContainerSpecs into the user data of an EC2 host. Creates no resource.

The way of a change to what a host does at boot:

1. `boot_plan.py` says what a host can be told. `user_data.py` writes `boot.json`, `container_plan.py` the file of each
   container. `description.py` refuses what a host can't do, `deferred.py` gathers what is only known later.
2. `user_data.py` puts the plan, and what must be there to read it, into cloud-config; the rest are files of a bucket.
3. On the host `scripts/boot.py` fetches those and hands over to `scripts/bring_up.py`, which lists the stages. It makes
   the units of the containers (`scripts/units.py`) and starts them.
4. `scripts/watchdog.py` and `scripts/ship_logs.py` work from then on, by the units in `units/`.

A new stage also stands in the lists of tests/unit/test_host_boot.py and tests/host/test_boot.py, and in
docs/aws/troubleshoot.md.

The policy pack reads the plan, too: `policy/kotauth_policy/readers/hosts/boot_plan.py`.
"""
