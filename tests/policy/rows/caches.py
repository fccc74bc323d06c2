"""Rules of the area `caches`."""

import pulumi_aws as aws

from ..change import ABSENT, add, put, without
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
        "a cluster of somebody else's",
        (*_CACHE, put("cache", "num_node_groups", 3), without("kotauth", "group", "template", "host-to-database")),
        NOTHING,
    ),
    Case(
        "a cluster by its mode", (*_CACHE, put("cache", "cluster_mode", "enabled")), found("use-one-cache-shard@cache")
    ),
)

TABLE = on_aws(*ROWS, *CASES)
