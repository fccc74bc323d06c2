"""Readers for providers, hosts and Kotauth: type tokens, and functions that read facts from resources.

- `aws/`: resources of AWS, IAM documents, security groups, listeners.
- `docker/`: containers, the parts that they are, images, mounts, networks.
- `hosts/`: what the user data of a host writes and starts.
- `kotauth/`: the server's environment and its secret key.
- `proxies/`: files and labels that configure nginx, Caddy and Traefik.
- `secrets/`: what a secret looks like. `networks.py`: IP networks.

Add a fact that several rules need as a function in the module of its subject.

Add a reader where resources stand inside a resource of another type, such as the containers of a task definition:
define a module-level `Reader` (`engine/resource.py`) in a module here, as `hosts/` does. The catalogue collects it, and
all rules about what it finds are evaluated there. A module-level `Naming` says which outputs of a provider's resources
other resources call them by.
"""
