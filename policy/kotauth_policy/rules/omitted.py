"""Controls of the source catalogues for which the pack has no rule, each with the reason."""

from __future__ import annotations

from ..engine.rule import Omitted, References

OMITTED = (
    Omitted(
        "S3: server access logs",
        "The bucket of the logs would need another one for its own. Who reads an object is in CloudTrail's data "
        "events, which belong to the account and to no stack.",
        References(hub=("S3.9",), checkov=("CKV_AWS_18",)),
        ("block-public-buckets",),
    ),
    Omitted(
        "S3: objects encrypted under a KMS key",
        "A load balancer writes its log only to a bucket that is encrypted with S3's own key, so either kind is taken.",
        References(hub=("S3.17",), checkov=("CKV_AWS_145",)),
        ("encrypt-buckets",),
    ),
    Omitted(
        "Secrets Manager: every secret is rotated",
        "The other way round: another secret key breaks every login while all health checks stay green, and a "
        "password that is not rotated together with its role and its server ends the connection to the database.",
        References(hub=("SecretsManager.1",), checkov=("CKV_AWS_304", "CKV2_AWS_57")),
        ("never-rotate-secret-key",),
    ),
    Omitted(
        "Lambda: every function in a VPC, traced, with a limit",
        "A function that asks AWS alone, such as one that watches a roll, needs no way into the network, and inside "
        "needs one out again. Those inside reach the data: they are traced and limited.",
        References(hub=("Lambda.3",), checkov=("CKV_AWS_117",)),
        ("trace-functions", "forbid-public-functions"),
    ),
    Omitted(
        "Lambda: environment encrypted under a KMS key",
        "The environment may hold no secret at all, and AWS encrypts it anyway.",
        References(checkov=("CKV_AWS_173",)),
        ("keep-secrets-out-of-functions",),
    ),
    Omitted(
        "Containers of an EC2 host: no system folder of the host mounted",
        "Their files lie where the boot puts them: in folders below `/etc` and `/run`, which are mounted. From the "
        "engine's socket, and the folders that it is in, the other rule keeps them away.",
        References(cis=("5.6",)),
        ("forbid-docker-socket",),
    ),
    Omitted(
        "Containers of an EC2 host: data on a named volume",
        "There the host's own encrypted disk is the volume, as a folder: it outlives its container as well.",
        References(checklist=(2, 4)),
        ("encrypt-disks", "have-backups"),
    ),
    Omitted(
        "Containers of an EC2 host: exactly two published ports",
        "Security groups say what reaches a host, and behind a load balancer it is another port than 443.",
        References(cis=("5.9", "5.14"), checklist=(3,)),
        ("publish-only-from-frontend", "limit-world-ingress", "restrict-server-ingress"),
    ),
    Omitted(
        "Containers of an EC2 host: internal networks",
        "A network of Docker is made there by a line of the boot and is no resource. The database is not on it.",
        References(cis=("5.30",), checklist=(2,)),
        ("use-own-network", "restrict-database-ingress", "isolate-database-subnets"),
    ),
    Omitted(
        "Containers of an EC2 host: update check off without a way out",
        "Whether a host has a way out is up to routes, endpoints and proxies that can be another stack's.",
        References(checklist=(12,)),
    ),
    Omitted(
        "Containers of an EC2 host: secret files encrypted in the state and readable by their owner only",
        "The host fetches them at each boot, so the program and its state have no such file. What it may fetch, and "
        "that nothing of it is in the user data, is evaluated.",
        References(checklist=(8, 9)),
        ("keep-secrets-out-of-user-data", "name-changed-resources", "encrypt-secrets-with-own-key"),
    ),
    Omitted(
        "Kotauth: grants of its database role no wider than needed",
        "Grants are statements that run inside the database and no property of a resource.",
        References(checklist=(9,)),
        ("separate-database-roles",),
    ),
    Omitted(
        "Kotauth: a recovery path for the secret key on a Docker host",
        "The copy is an export of the state that somebody keeps elsewhere. On AWS, where it is a resource, it is "
        "evaluated.",
        References(checklist=(8, 11)),
        ("protect-secret-key", "keep-deleted-secrets", "keep-keys"),
    ),
    Omitted(
        "Kotauth: mail, password policy, second factors and slugs",
        "They are set in the running server and stored in its database.",
        References(checklist=(10,)),
        ("set-bootstrap-admin-password",),
    ),
)
