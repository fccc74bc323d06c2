"""A simulator of an EC2 instance: a container boots the user data and uses simulated AWS services.

Begin with `lab.Lab`.

| To change | See |
|---|---|
| what a test starts, ends or makes fail | `lab.py`; for one instance `instance.py` |
| what an instance's metadata say | `description` in `instance.py`; tokens and credentials in `metadata_service.py` |
| which names resolve | `resolver.py`; both services run in a container that `link.sh` starts |
| how AWS's endpoints answer, or fail | `endpoints.py`, in front of moto; who calls: `signature.py`, `credentials.py` |
| what the load balancer does to a request, and its health checks | `load_balancer.py` |
| the database, the image registry, a disk | `database.py`, `registry.py`, `volume.py` |
| a command that the host has | `commands.py` and `images/ec2_host/packages.txt` |

`example.py` is user data that uses every part, for the tests in `tests`. Tests of Kotauth's hosts are in tests/host.
The simulator does not include Amazon Linux's kernel and packages, the speed of EBS, Auto Scaling, and a real VPC.
"""
