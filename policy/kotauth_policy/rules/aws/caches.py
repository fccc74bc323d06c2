"""Caches that ElastiCache runs: encrypted, with a password, with a second node, and as one shard."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import is_given
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import CACHE
from ...readers.kotauth.server import servers_of

AREA = Area("caches")


@AREA.rule(
    "encrypt-caches",
    Severity.HIGH,
    "Encrypt a cache on its disk and on the way, and ask for a password.",
    remedy="Set `at_rest_encryption_enabled`, `transit_encryption_enabled` and `auth_token` (or `user_group_ids`).",
    types=(CACHE,),
    references=References(
        hub=("ElastiCache.4", "ElastiCache.5", "ElastiCache.6"),
        checkov=("CKV_AWS_29", "CKV_AWS_30", "CKV_AWS_31"),
        checklist=(1,),
    ),
)
def encrypt_caches(cache: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth keeps counters and sessions there. Valkey is encrypted on its disk unless the program says otherwise.

    A member of a global datastore has all of this from the datastore's first member.
    """
    if is_given(cache.get("globalReplicationGroupId")):
        return
    at_rest = cache.get("atRestEncryptionEnabled")
    if not (at_rest.is_absent and _is_valkey(cache)) and not at_rest.flag():
        yield fail("atRestEncryptionEnabled", "is not true")
    if not cache.get("transitEncryptionEnabled").flag():
        yield fail("transitEncryptionEnabled", "is not true")
    elif (cache.get("transitEncryptionMode").text() or "").lower() == "preferred":
        yield fail("transitEncryptionMode", "is preferred, which lets clients in without TLS")
    users = cache.get("userGroupIds")
    has_password = any(is_given(cache.get(name)) for name in ("authToken", "authTokenWo"))
    if not has_password and not users.is_unknown and not users.items():
        yield fail("authToken", "is not set")


def _is_valkey(cache: Resource) -> bool:
    return cache.get("engine").known_text().lower() == "valkey"


@AREA.rule(
    "replicate-caches",
    Severity.MEDIUM,
    "Keep a second node of a cache in another zone.",
    remedy="Set `automatic_failover_enabled` and `multi_az_enabled`.",
    types=(CACHE,),
    references=References(hub=("ElastiCache.3",)),
    parameters=(Parameter("standby", Kind.FLAG, default=True, meaning="Whether one is wanted.", relaxes=True),),
)
def replicate_caches(cache: Resource, settings: Settings) -> Iterator[Verdict]:
    """Without the cache two servers count failed logins each on its own."""
    for name in ("automaticFailoverEnabled", "multiAzEnabled"):
        if settings.flag("standby") and not cache.get(name).flag():
            yield fail(name, "is not true")


def _is_beside_server(cache: Resource) -> bool:
    return bool(servers_of(cache))


@AREA.rule(
    "use-one-cache-shard",
    Severity.MEDIUM,
    "Run a cache for Kotauth as one shard.",
    remedy='Remove `num_node_groups`, and leave `cluster_mode` at "disabled".',
    types=(CACHE,),
    when=_is_beside_server,
    references=References(checklist=(1,)),
)
def use_one_cache_shard(cache: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth's client knows no cluster: keys of other shards are errors to it."""
    if (cache.get("numNodeGroups").number() or 1) > 1:
        yield fail("numNodeGroups", "is more than 1")
    if (cache.get("clusterMode").text() or "disabled").lower() == "enabled":
        yield fail("clusterMode", "is enabled")
    if cache.get("parameterGroupName").known_text().endswith(".cluster.on"):
        yield fail("parameterGroupName", "is a group that switches cluster mode on")
