"""Rules of the area `caches`."""

import pulumi_aws as aws

from policy.testing.change import ABSENT, add, put, without

from ..mutation import NOTHING, Case, Row, found, on_aws

_CACHE = (
    add(
        "cache",
        aws.elasticache.ReplicationGroup,
        {
            "description": "Counters",
            "at_rest_encryption_enabled": True,
            "transit_encryption_enabled": True,
            "auth_token": "a-token-of-the-program",
            "automatic_failover_enabled": True,
            "multi_az_enabled": True,
            "num_node_groups": 1,
        },
    ),
)

ROWS = (
    Row("encrypt-caches", "cache", "cache/transit_encryption_enabled", False, setup=_CACHE),
    Row("replicate-caches", "cache", "cache/multi_az_enabled", False, setup=_CACHE),
    Row("use-one-cache-shard", "cache", "cache/num_node_groups", 3, setup=_CACHE, absent=NOTHING),
)

CASES = (
    Case("no password", (*_CACHE, put("cache", "auth_token", ABSENT)), found("encrypt-caches@cache")),
    Case(
        "users instead of a password",
        (*_CACHE, put("cache", "auth_token", ABSENT), put("cache", "user_group_ids", ["kotauth"])),
        NOTHING,
    ),
    Case(
        "a cluster of another application",
        (*_CACHE, put("cache", "num_node_groups", 3), without("kotauth", "group", "template", "host-to-database")),
        NOTHING,
    ),
    Case(
        "a cluster by its mode", (*_CACHE, put("cache", "cluster_mode", "enabled")), found("use-one-cache-shard@cache")
    ),
)


def _cache(name: str, *violations: str, **changed: object) -> Case:
    changes = (put("cache", key, ABSENT if value is None else value) for key, value in changed.items())
    return Case(f"a cache {name}", (*_CACHE, *changes), found(*(f"{each}@cache" for each in violations)))


FORMS = (
    _cache("whose password is only written", auth_token=None, auth_token_wo="a-token-of-the-program"),
    _cache("of Valkey, encrypted by default", engine="valkey", at_rest_encryption_enabled=None),
    _cache("of Redis, which isn't", "encrypt-caches", engine="redis", at_rest_encryption_enabled=None),
    _cache("of Valkey, in clear", "encrypt-caches", engine="valkey", at_rest_encryption_enabled=False),
    _cache("that prefers TLS", "encrypt-caches", transit_encryption_mode="preferred"),
    _cache("that requires TLS", transit_encryption_mode="required"),
    _cache(
        "of a global datastore",
        global_replication_group_id="ldgnf-sessions",
        at_rest_encryption_enabled=None,
        transit_encryption_enabled=None,
        auth_token=None,
    ),
    _cache("for clients of both kinds", cluster_mode="compatible"),
    _cache("as a cluster, by its parameters", "use-one-cache-shard", parameter_group_name="default.redis7.cluster.on"),
)

TABLE = on_aws(*ROWS, *CASES, *FORMS)
