"""ElastiCache caches: encryption, authentication, a standby node, and a single shard."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import is_given, seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import CACHE
from ...readers.kotauth.server import servers_of

AREA = Area("caches")


@AREA.rule(
    "encrypt-caches",
    Severity.HIGH,
    "Encrypt every cache at rest and in transit, and require authentication.",
    remedy="Set `at_rest_encryption_enabled=True` and `transit_encryption_enabled=True`. Set `auth_token` or "
    "`user_group_ids`.",
    types=(CACHE,),
    references=References(
        hub=("ElastiCache.4", "ElastiCache.5", "ElastiCache.6"),
        checkov=("CKV_AWS_29", "CKV_AWS_30", "CKV_AWS_31"),
        checklist=(1,),
    ),
)
def encrypt_caches(cache: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth stores counters and sessions in the cache.

    Valkey is encrypted at rest unless the program disables it. A member of a global datastore inherits these settings
    from the datastore's first member.
    """
    if is_given(cache.get("globalReplicationGroupId")):
        return
    at_rest = cache.get("atRestEncryptionEnabled")
    if not (at_rest.is_absent and _is_valkey(cache)) and not at_rest.flag():
        yield fail("atRestEncryptionEnabled", "is not true")
    if not cache.get("transitEncryptionEnabled").flag():
        yield fail("transitEncryptionEnabled", "is not true")
    elif (cache.get("transitEncryptionMode").text() or "").lower() == "preferred":
        yield fail("transitEncryptionMode", "is preferred, which accepts clients without TLS")
    users = cache.get("userGroupIds")
    has_password = any(is_given(cache.get(name)) for name in ("authToken", "authTokenWo"))
    if not has_password and not users.is_unknown and not users.items():
        yield fail("authToken", "is not set")


def _is_valkey(cache: Resource) -> bool:
    return cache.get("engine").known_text().lower() == "valkey"


@AREA.rule(
    "replicate-caches",
    Severity.MEDIUM,
    "Run a standby node of every cache in a second availability zone.",
    remedy="Set `automatic_failover_enabled=True` and `multi_az_enabled=True`.",
    types=(CACHE,),
    references=References(hub=("ElastiCache.3",)),
    parameters=(
        Parameter("standby", Kind.FLAG, default=True, meaning="Whether a standby node is required.", relaxes=True),
    ),
)
def replicate_caches(cache: Resource, settings: Settings) -> Iterator[Verdict]:
    """Without a cache, two Kotauth servers each count failed logins separately."""
    for name in ("automaticFailoverEnabled", "multiAzEnabled"):
        if settings.flag("standby") and not cache.get(name).flag():
            yield fail(name, "is not true")


def _is_beside_server(cache: Resource) -> bool:
    return bool(servers_of(cache))


@AREA.rule(
    "use-one-cache-shard",
    Severity.MEDIUM,
    "Run the cache for Kotauth as a single shard.",
    remedy="Remove `num_node_groups` and `cluster_mode`, and use a `parameter_group_name` without cluster mode.",
    types=(CACHE,),
    when=_is_beside_server,
    references=References(checklist=(1,)),
)
def use_one_cache_shard(cache: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth's Redis client does not support cluster mode: it gets errors for keys of other shards."""
    if (cache.get("numNodeGroups").number() or 1) > 1:
        yield fail("numNodeGroups", seen(cache.get("numNodeGroups"), "more than 1"))
    if (cache.get("clusterMode").text() or "disabled").lower() == "enabled":
        yield fail("clusterMode", "is enabled")
    if cache.get("parameterGroupName").known_text().endswith(".cluster.on"):
        yield fail("parameterGroupName", seen(cache.get("parameterGroupName"), "a group that enables cluster mode"))
