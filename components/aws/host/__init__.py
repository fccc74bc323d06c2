"""Turns ContainerSpecs into the user data of an EC2 host. Creates no resource.

To change what a host does at boot, follow the boot plan through these files:

1. `boot_plan.py` declares the fields of the boot plan. `user_data.py` writes `boot.json`, `container_plan.py` the file
   of each container. `description.py` validates the host, `deferred.py` collects the deferred values.
2. `user_data.py` writes the boot plan, and the programs that read it, into cloud-config. All other files are objects of
   a bucket.
3. On the host, `scripts/boot.py` fetches these files and starts `scripts/bring_up.py`, which lists the stages. It
   writes the systemd units of the containers (`scripts/units.py`) and starts them.
4. From then on, the units in `units/` run `scripts/watchdog.py`, `scripts/renewal.py` and `scripts/ship_logs.py`.

Add a new stage also to the lists in tests/unit/test_host_boot.py and tests/host/test_boot.py, and to
docs/aws/troubleshoot.md.

The policy pack reads the boot plan, too: `policy/kotauth_policy/readers/hosts/boot_plan.py`.
"""
