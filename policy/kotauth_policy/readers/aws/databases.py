"""RDS databases: settings of their own, and settings inherited from a source or a snapshot."""

from __future__ import annotations

from ...engine.resource import Resource
from ...engine.value import is_given
from .resources import PARAMETER_GROUP


def is_replica(database: Resource) -> bool:
    """Whether a database is a read replica."""
    return is_given(database.get("replicateSourceDb"))


def is_source(database: Resource) -> bool:
    """Whether a database is not a read replica."""
    return not is_replica(database)


def is_restored(database: Resource) -> bool:
    """Whether a database is restored from a snapshot or to a point in time."""
    moment = database.get("restoreToPointInTime")
    return is_given(database.get("snapshotIdentifier")) or moment.is_unknown or bool(moment.fields())


def is_postgres(database: Resource) -> bool:
    """Whether a database's engine is PostgreSQL, in upper or lower case, as the provider accepts it.

    A replica and a restored database may leave the engine to their source. It is not in the program then, so no rule
    about PostgreSQL evaluates them.
    """
    engine = database.get("engine")
    if is_given(engine):
        return engine.is_unknown or (engine.text() or "").lower() == "postgres"
    return not is_replica(database) and not is_restored(database)


def parameter_groups(database: Resource) -> list[Resource]:
    """Return the parameter groups of the stack that a database can have, by origin or by name."""
    named = database.get("parameterGroupName")
    groups = database.origins_of(named, PARAMETER_GROUP)
    if groups or named.is_unknown:
        return groups
    group = database.in_stack().named(PARAMETER_GROUP).get(named.text() or "")
    return [group] if group else []
