"""Values that no deployment takes, each with the rule that it breaks, as a stack's settings have them.

`tests/unit/test_bad_settings.py` has every row refused, as a setting and as an input of the deployment. Tests on the
real engine take single rows, to prove that what is said reaches the user.
"""

from __future__ import annotations

import re

Rows = dict[tuple[str, str], str]
"""Key and value to the rule; `kotauth:` in a rule stands before the name of another setting."""

# What more than one test says.
LOWER = "must start with https:// in lower case: TLS is mandatory"
SLASH = "must not end with a slash: Kotauth appends its paths to it"
ONLY_HOST = "must be scheme, host and port only, without path, query or user"
ADDRESS = (
    "must name a host, not an IP address: clients send no server name for an address, so no certificate can be chosen"
)
REFERENCE = "must be an image reference with its registry, such as ghcr.io/inumansoul/kotauth:1.22.0"
NO_TAG = "must name an exact tag or a digest: without a tag it means latest, which changes with each release"
MEMORY = "must be memory in MB, a whole number from 512 to 1048576 (Kotauth's documented minimum is 512 MB)"
CPUS = "must be processors, a number from 1 to 256 (Kotauth's documented minimum is 1 vCPU)"
PORT = "must be a TCP port, a whole number from 1 to 65535"
VERSION = "must be a major version of PostgreSQL, a whole number from 14 to 17 (Kotauth needs 14 or newer)"
BOOLEAN = "must be exactly true or false"
FRONTEND = "must be exactly caddy or nginx or traefik or external"
E_MAIL = "must be an e-mail address"
HTTPS = "must be an https URL"
ZONES = "must be availability zones such as eu-central-1a,eu-central-1b"
TWO_ZONES = "must be two or three zones: RDS requires subnets in two zones, also without a standby (got 1)"
ZONES_TWICE = "must name each zone once"
ZONES_APART = "must be zones of one region"
RANGE = "must be an IPv4 range such as 10.64.0.0/16"
HOST_BITS = "must not have host bits set: use 10.64.0.0/16"
ID = "must be an id such as {}-0123456789abcdef0"
INSTANCE_TYPE = "must be an EC2 instance type such as t4g.small"
STORAGE = "must be storage in GB, a whole number from 20 to 65536 (RDS supports no smaller and no larger gp3 volume)"
RETENTION = (
    "must be a retention of CloudWatch Logs in days: "
    "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653"
)
TWO_SUBNETS = "must be two or more subnets, in different zones"
ONLY_DOCKER = "is a setting of target docker, not of aws"
ONLY_AWS = "is a setting of target aws, not of docker"
ACME_EMAIL = "is required with kotauth:certificates acme: set the address that the ACME server sends mail to"
_NO_FILE = (
    "must be PEM text or the path of a readable file: tls/none.pem can't be read (No such file or directory); "
    "a relative path starts in the project's folder"
)
_NO_LOAD_BALANCER = "is only for frontend caddy or nginx or traefik: remove it; the load balancer uses ACM"
_BACKUPS = (
    "must be days of backups, a whole number from 1 to 35 "
    "(RDS keeps at most 35 days, and 0 turns off point-in-time restores)"
)
_ERRORS = "must be error lines in 5 minutes, a whole number from 1 to 1000000"
_POOL = "must be connections, a whole number from 2 to 40"
_CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
_NO_CIDRS = "is only for kotauth:publicSubnetIds with frontend alb: remove it"
_NETWORKS = "must be IPv4 networks such as 203.0.113.0/24 ({})"


def moved(tag: str) -> str:
    """Return the rule for an image's tag that means another image later."""
    return f"must name an exact tag or a digest: the tag {tag} changes with each release"


ON_DOCKER = {"baseUrl": "https://auth.example.com", "acmeEmail": "ops@example.com"}
"""A stack on Docker that is valid."""

_ONLY_SFTP = "is only for a repository with sftp: remove it, or change kotauth:backupRepository"
_TIMES = "must be times of day in UTC such as 03:30 or 03:30,15:30, at most 24"
_REPOSITORY = (
    "must be volume, s3:HOST/BUCKET/FOLDER or sftp:USER@HOST:/FOLDER (with a port: sftp://USER@HOST:PORT//FOLDER), "
    "without a password"
)
_NO_REPOSITORIES = (
    "/backups",
    "s3:s3.example.com",
    "s3:https://KEY:can@ry@s3.example.com/bucket",
    "sftp:backup.example.com:/backups",
    "sftp:user:canary@backup.example.com:/backups",
    "rest:https://backup.example.com/",
    "volume:mine",
    "sftp:user@-oProxyCommand:/backups",
    "sftp:-v@backup.example.com:/backups",
)
_IPV6_REPOSITORIES = (
    "sftp://user@[2001:db8::1]:2222//backups",
    "sftp:user@[2001:db8::1]:/backups",
    "s3:http://[2001:db8::1]:9000/backups",
)
_NO_PORTS = ("sftp://user@backup.example.com:0//backups", "s3:https://s3.example.com:65536/backups")

DOCKER: Rows = {
    ("baseUrl", ""): "is required",
    ("baseUrl", "http://auth.example.com"): LOWER,
    ("baseUrl", "https://auth.example.com/sso"): ONLY_HOST,
    (
        "environment",
        "Production",
    ): "must be exactly production or development; Kotauth silently treats any other spelling as development",
    ("image", "Kotauth 1.22"): REFERENCE,
    ("image", "ghcr.io/inumansoul/kotauth"): NO_TAG,
    ("image", "ghcr.io/inumansoul/kotauth:latest"): moved("latest"),
    ("image", "ghcr.io/inumansoul/kotauth:1.20.0"): (
        "must be version 1.21.0 or newer (older versions lack the API that the production checklist uses)"
    ),
    **{("memory", value): MEMORY for value in ("256", "0", "-1", "512.5", "lots")},
    ("cpus", "0.5"): CPUS,
    ("cpus", "nan"): CPUS,
    **{("poolSize", value): _POOL for value in ("1", "41")},
    ("updateCheck", "yes"): BOOLEAN,
    **{("httpPort", value): PORT for value in ("0", "70000")},
    ("httpsPort", "70000"): PORT,
    ("httpPort", "443"): "must differ from kotauth:httpsPort: choose another port",
    **{("databaseVersion", value): VERSION for value in ("13", "99", "abc")},
    ("databaseImage", "docker.io/library/postgres:15.18-bookworm"): (
        "must have a tag that begins with PostgreSQL version 14: change the tag or kotauth:databaseVersion"
    ),
    ("databaseImage", "docker.io/library/postgres:14-bookworm"): moved("14-bookworm"),
    ("databasePasswordVersion", "0"): "must be a version of the password, a whole number from 1 to 1000000",
    ("frontend", "apache"): FRONTEND,
    ("frontend", "alb"): f"{FRONTEND}; an ALB exists only on AWS, not with target docker",
    ("proxyNetwork", "proxy"): "is only for frontend external: remove it, or set kotauth:frontend to external",
    ("certificates", "self-signed"): "must be exactly acme or internal or files",
    ("certificateChain", "tls/none.pem"): _NO_FILE,
    ("acmeEmail", ""): ACME_EMAIL,
    ("acmeEmail", "ops at example.com"): E_MAIL,
    ("acmeEmail", "ops@example.com acme_ca http://evil"): E_MAIL,
    ("acmeEmail", '"ops@example.com'): E_MAIL,
    ("acmeEmail", "{env.HOME}@example.com"): E_MAIL,
    ("acmeServer", "http://acme.example.com/dir"): HTTPS,
    ("acmeServer", "https:///dir"): HTTPS,
    ("acmeServer", "https://[::1/dir"): HTTPS,
    ("acmeServer", "https://acme.example.com/{env.HOME}"): HTTPS,
    ("backups", "yes"): BOOLEAN,
    **{("backupRepository", value): _REPOSITORY for value in _NO_REPOSITORIES},
    **{
        ("backupRepository", value): (
            "must not have an IPv6 address, because the network of the backups has IPv4 alone: "
            "name the host, or give its IPv4 address"
        )
        for value in _IPV6_REPOSITORIES
    },
    **{("backupRepository", value): "must have a port from 1 to 65535" for value in _NO_PORTS},
    **{("backupSchedule", value): _TIMES for value in ("daily", "24:00", "3:30", "03:30+01:00", ",")},
    ("backupKeepDaily", "0"): "must be a number of days, a whole number from 1 to 366",
    ("backupKeepWeekly", "-1"): "must be a number of weeks, a whole number from 0 to 520",
    ("backupKeepMonthly", "many"): "must be a number of months, a whole number from 0 to 240",
    ("backupKnownHosts", "backup.example.com ssh-ed25519 AAAA"): _ONLY_SFTP,
    ("backupImage", "docker.io/restic/restic:0.16.4"): (
        "must be version 0.17 or newer (older versions don't tell a missing repository from a wrong password)"
    ),
    ("colour", "blue"): "is an unknown name: remove it",
    ("memorry", "1024"): "is an unknown name: did you mean kotauth:memory?",
}

DOCKER_STACK: Rows = {
    ("logsEndpoint", "https://loki.example.com"): (
        "is only for kotauth:logs loki or otlp: remove it, or change kotauth:logs"
    ),
    ("target", "kubernetes"): "must be exactly docker or aws",
    ("base_url", "https://auth.example.com"): "is an unknown name: did you mean kotauth:baseUrl?",
    ("BaseUrl", "https://auth.example.com"): "is an unknown name: did you mean kotauth:baseUrl?",
    ("zoneId", "Z0123456789ABC"): ONLY_AWS,
    ("instanceType", "t4g.small"): ONLY_AWS,
}
"""What only the settings of a stack can have wrong: the target, and names that an input doesn't have."""

_DOCKERS_OWN = "must be a network that you created, not one of Docker's own: run `docker network create kotauth-proxy`"
_NETWORK_NAME = "must be the name of a Docker network: letters, digits, underscores, dots and hyphens"
_OWN_PROXY = "must be empty with frontend external, where your own proxy decides it: remove it"

_NO_PROXY = "is only for frontend caddy or nginx or traefik: remove it; your own proxy has the certificate"

ON_DOCKER_EXTERNAL = {"baseUrl": "https://auth.example.com", "frontend": "external", "proxyNetwork": "proxy"}
"""A stack on Docker behind a proxy of the user's."""

DOCKER_EXTERNAL: Rows = {
    ("proxyNetwork", ""): (
        "is required with frontend external: run `docker network create kotauth-proxy`, connect your proxy to it, "
        "and set its name"
    ),
    **{("proxyNetwork", value): _DOCKERS_OWN for value in ("bridge", "default", "host", "none")},
    **{("proxyNetwork", value): _NETWORK_NAME for value in ("my network", "-proxy", "container:traefik")},
    **{("certificates", source): _NO_PROXY for source in ("acme", "internal", "files")},
    ("acmeEmail", "ops@example.com"): _NO_PROXY,
    ("acmeServer", "https://acme.example.com/dir"): _NO_PROXY,
    ("httpPort", "80"): _OWN_PROXY,
    ("httpsPort", "443"): _OWN_PROXY,
    ("frontendImage", "docker.io/library/traefik:v3.6.12"): _OWN_PROXY,
}

ON_DOCKER_LOKI = {**ON_DOCKER, "logs": "loki", "logsEndpoint": "https://loki.example.com"}
_URL = (
    "must be a URL of scheme, host, port and path, such as https://loki.example.com: keep credentials in the token or "
    "the headers"
)
_SELF = "must not name the container itself: use host.docker.internal, which is the Docker host"
_LOKI_ONLY = "is only for kotauth:logs {}: remove it, or change kotauth:logs"
DOCKER_LOKI: Rows = {
    ("logs", "lokki"): "must be exactly none or loki or datadog or cloudwatch or otlp",
    ("logs", "loki,datadog"): "must be one route: for several, send the lines to a collector of your own with otlp",
    ("logsEndpoint", ""): "is required with kotauth:logs loki: set it",
    ("logsEndpoint", "http://loki.example.com:3100"): (
        "must start with https://, because lines and token would cross the network in plain text; http is only for "
        "host.docker.internal, which is the Docker host"
    ),
    ("logsEndpoint", "http://localhost:3100"): _SELF,
    ("logsEndpoint", "https://127.0.0.1"): _SELF,
    ("logsEndpoint", "loki.example.com"): _URL,
    ("logsEndpoint", "https://me:can/@ry@loki.example.com"): _URL,
    ("logsEndpoint", "https://loki.example.com/otlp?token=secret"): _URL,
    ("logsSite", "datadoghq.eu"): _LOKI_ONLY.format("datadog"),
    ("logsGroup", "/kotauth/prod"): _LOKI_ONLY.format("cloudwatch"),
    ("logsImage", "docker.io/otel/opentelemetry-collector-contrib:latest"): moved("latest"),
    ("logsImage", "docker.io/otel/opentelemetry-collector-contrib:0.148.0"): (
        "must be version 0.149.0 or newer (the log route is tested with this version, and older ones lose lines)"
    ),
}

ON_AWS = {
    "target": "aws",
    "baseUrl": "https://auth.example.com",
    "availabilityZones": "eu-central-1a,eu-central-1b",
    "zoneId": "Z0123456789ABC",
}
"""A stack on AWS that is valid, with a load balancer and a network that it makes."""

AWS: Rows = {
    ("baseUrl", "https://auth.example.com:8443"): "must have no port: on AWS the server uses 443",
    ("baseUrl", "https://localhost"): "must be a public name: no certificate authority certifies a local name",
    ("memory", "256"): MEMORY,
    ("vpcCidr", "10.64.0.0/33"): f"{RANGE} ('33' is not a valid netmask)",
    ("vpcCidr", "10.64.0.0/24"): (
        "must be between /16 and /22 (got /24): "
        "AWS takes no larger VPC, and a load balancer's subnets need /27, five bits below"
    ),
    ("vpcCidr", "10.64.0.1/16"): HOST_BITS,
    (
        "availabilityZones",
        "",
    ): "is required unless kotauth:vpcId is set: give two or three zones, such as eu-central-1a,eu-central-1b",
    ("availabilityZones", "eu-central-1"): ZONES,
    ("availabilityZones", "eu-central-1a,"): ZONES,
    ("availabilityZones", "eu-central-1a"): TWO_ZONES,
    ("availabilityZones", "eu-central-1a,eu-central-1a"): ZONES_TWICE,
    ("availabilityZones", "eu-central-1a,eu-west-1b"): ZONES_APART,
    ("natGateways", "two"): "must be exactly per-zone or one or none",
    (
        "natGateways",
        "none",
    ): "must be per-zone or one with a load balancer: the server in its private subnet needs internet access",
    ("frontend", "external"): (
        "must be exactly alb or caddy or nginx or traefik; "
        "external is a proxy that you run on a Docker host, with target docker"
    ),
    ("frontend", "Nginx"): "must be exactly alb or caddy or nginx or traefik",
    ("frontendImage", "docker.io/library/caddy:latest"): moved("latest"),
    ("toolsImage", "docker.io/library/postgres:14"): moved("14"),
    ("zoneId", "example.com"): "must be the id of a Route 53 hosted zone, such as Z0123456789ABC",
    (
        "zoneId",
        "",
    ): "is required unless kotauth:certificateArn is set: give the Route 53 zone of the domain",
    ("certificateArn", "arn:aws:iam::123456789012:server-certificate/kotauth"): (
        "must be the ARN of an ACM certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID"
    ),
    ("certificateArn", _CERTIFICATE): (
        "must be empty with kotauth:zoneId, where the certificate is created: remove one of the two"
    ),
    ("acmeEmail", "ops@example.com"): _NO_LOAD_BALANCER,
    ("acmeEmail", "ops"): E_MAIL,
    ("acmeServer", "https://acme.example.com/dir"): _NO_LOAD_BALANCER,
    **{("certificates", source): _NO_LOAD_BALANCER for source in ("acme", "internal", "files")},
    ("acmeServer", "http://acme.example.com/dir"): HTTPS,
    ("publicSubnetCidrs", "10.1.1.0/24,10.1.2.0/24"): _NO_CIDRS,
    ("adminCidrs", "203.0.113.7/24"): _NETWORKS.format("203.0.113.7/24 has host bits set"),
    ("adminCidrs", "10.0.0.0/8,::/0"): _NETWORKS.format("Expected 4 octets in '::'"),
    ("adminCidrs", "10.0.0.0/255.0.0.0"): _NETWORKS.format("write 10.0.0.0/8 for 10.0.0.0/255.0.0.0"),
    ("adminCidrs", "10.0.0.0/08"): _NETWORKS.format("write 10.0.0.0/8 for 10.0.0.0/08"),
    ("adminCidrs", "203.0.113.0/24,0.0.0.0/0"): ("must not contain 0.0.0.0/0: leave it empty to allow all networks"),
    ("egressPorts", "465,587"): "must contain 443: without it a host reaches neither AWS nor a registry",
    ("egressPorts", "443,443"): "must name each port once",
    **{("egressPorts", value): PORT for value in ("443,65536", "443,0", "443,", "443-465")},
    ("egressPorts", ",".join(map(str, (443, *range(1000, 1010))))): (
        "must be at most 10 ports (got 11): list only the ports that are needed"
    ),
    ("instanceType", "huge"): INSTANCE_TYPE,
    ("hostImageId", "ami-1"): ID.format("ami"),
    ("databaseClass", "t4g.small"): "must be an RDS instance class such as db.t4g.small",
    **{("databaseStorage", value): STORAGE for value in ("19", "twenty")},
    ("databaseStorageLimit", "65537"): STORAGE,
    ("databaseStorageLimit", "21"): "must be at least 10 % above the storage of 20 GB (RDS refuses less)",
    ("databaseMultiAz", "yes"): BOOLEAN,
    **{("databaseBackupDays", value): _BACKUPS for value in ("0", "36")},
    ("databaseVersion", "13"): VERSION,
    ("databaseCa", "/etc/ssl/ca.pem"): "must be certificates in PEM form",
    **{("logRetentionDays", value): RETENTION for value in ("17", "0")},
    **{("alarmErrors", value): _ERRORS for value in ("0", "-1", "1.5", "many")},
    ("alarmFailedLogins", "0"): "must be failed logins in 5 minutes, a whole number from 1 to 1000000",
    **{("alarmLatency", value): "must be seconds, a number from 0.1 to 60" for value in ("0", "-0.5")},
    **{("alarmEmail", value): E_MAIL for value in ("operations", "ops@example", "a@b@c")},
    ("deletionProtection", "no"): BOOLEAN,
    ("colour", "blue"): "is an unknown name: remove it",
    ("replicas", "2"): "is an unknown name: remove it",
    ("availabilityZone", "eu-central-1a"): "is an unknown name: did you mean kotauth:availabilityZones?",
}

AWS_STACK: Rows = {("httpPort", "8080"): ONLY_DOCKER}

ON_AWS_CADDY = {**ON_AWS, "frontend": "caddy", "acmeEmail": "ops@example.com"}
"""The same with Caddy on a single host."""

AWS_CADDY: Rows = {
    ("baseUrl", "https://auth.internal"): "must be a public name: no certificate authority certifies a local name",
    ("acmeEmail", ""): ACME_EMAIL,
    ("certificates", "internal"): "must be exactly acme or files; internal exists only with target docker",
    ("certificateArn", _CERTIFICATE): "is only for frontend alb: remove it; kotauth:certificates is for Caddy",
    ("publicSubnetCidrs", "10.1.1.0/24"): _NO_CIDRS,
}

NETWORK = {
    "vpcId": "vpc-0123456789abcdef0",
    "publicSubnetIds": "subnet-0123456789abcdef1,subnet-0123456789abcdef2",
    "privateSubnetIds": "subnet-0123456789abcdef3,subnet-0123456789abcdef4",
    "isolatedSubnetIds": "subnet-0123456789abcdef5,subnet-0123456789abcdef6",
}
ON_AWS_NETWORK = {**ON_AWS, **NETWORK, "availabilityZones": ""}
"""The same in a network that was there before."""

_SUBNETS = [key for key in NETWORK if key != "vpcId"]
AWS_NETWORK: Rows = {
    (
        "vpcId",
        "",
    ): "is required because kotauth:publicSubnetIds is set: give the VPC and its three lists of subnets together",
    **{
        (key, ""): "is required because kotauth:vpcId is set: give the VPC and its three lists of subnets together"
        for key in _SUBNETS
    },
    **{(key, "subnet-0123456789abcdef1"): TWO_SUBNETS for key in _SUBNETS},
    **{(key, "subnet-0123456789abcdef1,subnet-x"): ID.format("subnet") for key in _SUBNETS},
    (
        "availabilityZones",
        "eu-central-1a,eu-central-1b",
    ): "must be empty with kotauth:vpcId: the existing subnets decide the zones",
    ("publicSubnetCidrs", "10.1.1.0/24"): (
        "must be 2 CIDR blocks, one for each subnet in kotauth:publicSubnetIds (got 1)"
    ),
    ("publicSubnetCidrs", "10.1.1.1/24,10.1.2.0/24"): (
        "must be CIDR blocks such as 10.1.0.0/24 (10.1.1.1/24 has host bits set)"
    ),
    ("publicSubnetCidrs", "10.1.1.0/0.0.0.255,10.1.2.0/24"): (
        "must be CIDR blocks such as 10.1.0.0/24 (write 10.1.1.0/24 for 10.1.1.0/0.0.0.255)"
    ),
    ("publicSubnetCidrs", "10.1.1.0/24,0.0.0.0/0"): (
        "must be CIDR blocks between /16 and /28, as AWS's subnets (got 0.0.0.0/0)"
    ),
}

EVERYWHERE: list[tuple[dict[str, str], Rows]] = [
    (ON_DOCKER_LOKI, DOCKER_LOKI),
    (ON_DOCKER, DOCKER),
    (ON_DOCKER_EXTERNAL, DOCKER_EXTERNAL),
    (ON_AWS, AWS),
    (ON_AWS_CADDY, AWS_CADDY),
    (ON_AWS_NETWORK, AWS_NETWORK),
]
"""What is said of a setting and of a deployment's input alike: the valid stack, and what is bad beside it."""

STACKS = [*EVERYWHERE, (ON_DOCKER, DOCKER_STACK), (ON_AWS, AWS_STACK)]
"""What is said of a setting."""


def shown(value: str) -> str:
    """Return a value as an error shows it: without the password in an address."""
    return re.sub(r":can.*ry@", ":[secret]@", value)
