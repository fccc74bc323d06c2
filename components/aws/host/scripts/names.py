"""Paths and names on the host, for its programs and for the program that writes the boot plan."""

from __future__ import annotations

FIXED = "/etc/kotauth"
"""Folder of files in the user data: the boot plan, known environment variables, known configuration files."""
RUN = "/run/kotauth"
"""Folder in memory of what is fetched at each boot."""
VOLUMES = "/var/lib/kotauth/volumes"
"""Mount point of the volume that outlives the host."""
UNITS = "/etc/systemd/system"
PROGRAMS = "/usr/local/lib/kotauth"

NETWORK = "kotauth"
"""Docker's network on which the containers find each other."""
BOOT_UNIT, LOGS_UNIT = "kotauth-boot.service", "kotauth-logs.service"
WATCHDOG_UNIT, WATCHDOG_TIMER = "kotauth-watchdog.service", "kotauth-watchdog.timer"
RENEWAL_UNIT, RENEWAL_TIMER = "kotauth-renewal.service", "kotauth-renewal.timer"
HOST_UNITS = (BOOT_UNIT, LOGS_UNIT, WATCHDOG_UNIT, RENEWAL_UNIT)
"""Units of the host's own programs. No container may have one of these names."""
HOST_LOG = "host"
"""Log stream of the host's own programs, beside a stream for each container."""
UNIT_TEMPLATE = "container.service.template"
"""Template of the unit that runs a container, beside the programs."""
REDACTION = "redaction.json"
"""Patterns of the secrets in log lines, beside the programs."""
NEXT = "next"
"""Folder of files that are to come, beside those in use."""
CERTIFICATE_FILE = "certificate.pem"
"""Secret file with a certificate chain and its key."""


def container_file(part: str) -> str:
    """Return the path of the plan of one container."""
    return f"{FIXED}/boot.d/{part}.json"


def container_unit_name(part: str) -> str:
    """Return the name of the unit that runs a container."""
    return f"kotauth-{part}.service"


def part_of(unit: str) -> str:
    """Return the part whose container would have this unit."""
    return unit[len("kotauth-") : -len(".service")]


def known_environment(container: str) -> str:
    """Return the path of the variables of a container, or of its check, that the user data says."""
    return f"{FIXED}/{container}.env"


def deferred_environment(container: str) -> str:
    """Return the path of those that are fetched at each boot."""
    return f"{RUN}/{container}.env"


def known_config(part: str, file: str) -> str:
    """Return the path of a configuration file that the user data says."""
    return f"{FIXED}/{part}/{file}"


def config_folder(part: str) -> str:
    """Return the folder with the configuration files that a container sees."""
    return f"{RUN}/{part}/config"


def secrets_folder(part: str) -> str:
    """Return the folder with the secret files that a container sees."""
    return f"{RUN}/{part}/secrets"
