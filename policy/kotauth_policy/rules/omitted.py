"""Controls of the source catalogues for which the pack has no rule, each with the reason."""

from __future__ import annotations

from ..engine.rule import Omitted, References

OMITTED = (
    Omitted(
        "S3: server access logs",
        "The log bucket would need another bucket for its own access log. CloudTrail data events record who reads an "
        "object; they belong to the account, not to a stack.",
        References(hub=("S3.9",), checkov=("CKV_AWS_18",)),
        ("block-public-buckets",),
    ),
    Omitted(
        "S3: objects encrypted with a KMS key",
        "A load balancer writes its log only to a bucket that is encrypted with S3's own key, so the rule accepts "
        "both kinds of encryption.",
        References(hub=("S3.17",), checkov=("CKV_AWS_145",)),
        ("encrypt-buckets",),
    ),
    Omitted(
        "Secrets Manager: every secret rotated",
        "The pack forbids it for the secret key. Another secret key breaks every login while all health checks stay "
        "green. A password that is rotated without its role and its server ends the connection to the database.",
        References(hub=("SecretsManager.1",), checkov=("CKV_AWS_304", "CKV2_AWS_57")),
        ("never-rotate-secret-key",),
    ),
    Omitted(
        "Lambda: every function in a VPC, traced, with a concurrency limit",
        "A function that calls only AWS, such as the one that watches a rolling update, needs no access to the "
        "network; in a VPC it would need a route out again. Functions in a VPC can reach the data, so they must be "
        "traced and limited.",
        References(hub=("Lambda.3",), checkov=("CKV_AWS_117",)),
        ("trace-functions", "forbid-public-functions"),
    ),
    Omitted(
        "Lambda: environment encrypted with a KMS key",
        "The environment may not contain secrets, and AWS encrypts it anyway.",
        References(checkov=("CKV_AWS_173",)),
        ("keep-secrets-out-of-functions",),
    ),
    Omitted(
        "Containers of an EC2 host: no system folder of the host mounted",
        "The boot writes the containers' files into folders below `/etc` and `/run`, which are mounted. Another "
        "rule keeps containers away from the engine's socket and the folders that contain it.",
        References(cis=("5.6",)),
        ("forbid-docker-socket",),
    ),
    Omitted(
        "Containers of an EC2 host: data on a named volume",
        "The host's own encrypted disk holds the data in a folder, which also outlives its container.",
        References(checklist=(2, 4)),
        ("encrypt-disks", "have-backups"),
    ),
    Omitted(
        "Containers of an EC2 host: exactly two published ports",
        "Security groups decide which connections reach a host, and behind a load balancer the port is not 443.",
        References(cis=("5.9", "5.14"), checklist=(3,)),
        ("publish-only-from-frontend", "limit-world-ingress", "restrict-server-ingress"),
    ),
    Omitted(
        "Containers of an EC2 host: internal networks",
        "A command of the boot creates the Docker network there, so it is no resource. The database is not connected "
        "to it.",
        References(cis=("5.30",), checklist=(2,)),
        ("use-own-network", "restrict-database-ingress", "isolate-database-subnets"),
    ),
    Omitted(
        "Containers of an EC2 host: update check disabled without internet access",
        "Routes, endpoints and proxies, which can belong to another stack, decide whether a host has internet access.",
        References(checklist=(12,)),
    ),
    Omitted(
        "Containers of an EC2 host: secret files encrypted in the state and readable only for their owner",
        "The host fetches the files at each boot, so the program and its state do not contain them. Rules evaluate "
        "what the host may fetch, and that the user data contains no part of it.",
        References(checklist=(8, 9)),
        ("keep-secrets-out-of-user-data", "name-changed-resources", "encrypt-secrets-with-own-key"),
    ),
    Omitted(
        "Kotauth: no more grants for its database role than needed",
        "Grants are statements that run inside the database, not properties of a resource.",
        References(checklist=(9,)),
        ("separate-database-roles",),
    ),
    Omitted(
        "Kotauth: a recovery path for the secret key on a Docker host",
        "The copy of the key is an export of the state, which the operator stores elsewhere. On AWS, the copy is a "
        "resource, and rules evaluate it.",
        References(checklist=(8, 11)),
        ("protect-secret-key", "keep-deleted-secrets", "keep-keys"),
    ),
    Omitted(
        "Kotauth: mail, password policy, second factors and slugs",
        "These settings are made in the running server and stored in its database.",
        References(checklist=(10,)),
        ("set-bootstrap-admin-password",),
    ),
)
