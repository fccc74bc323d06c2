"""Evaluates the identity policies of a deployer for each call of the simulated AWS.

moto's own access control (`moto.iam.access_control`) looks at conditions of trust policies only, knows no resource of
most services, and has no condition key of a request; so the decision is made here, before a call is sent.
`definition.py` has AWS's own list of actions, their resources and their condition keys: a key that AWS doesn't put into
the context of an action is absent, so a statement that relies on it refuses.

Simulated is what an identity policy decides. Key policies, bucket policies, service control policies and permissions
boundaries are not.
"""

from __future__ import annotations

from .calls import ApiCall
from .conditions import UnknownOperatorError
from .definition import UnknownActionError
from .deployers import Deployers
from .policy import Policies, Request

__all__ = ["ApiCall", "Deployers", "Policies", "Request", "UnknownActionError", "UnknownOperatorError"]
