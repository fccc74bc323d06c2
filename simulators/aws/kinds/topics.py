"""SNS."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind
from ..calls.tags import pairs

_ATTRIBUTES = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}


def _attributes(inputs: dict[str, Any]) -> dict[str, str]:
    return {_ATTRIBUTES[name]: str(value) for name, value in inputs.items() if name in _ATTRIBUTES}


def _create(call: Call) -> str:
    left = call.inputs.keys() - _ATTRIBUTES.keys() - {"name", "tags", "region"}
    call.members("create_topic", {name: call.inputs[name] for name in left})
    tags = pairs(call.inputs.get("tags", {}))
    answer = call.client.create_topic(Name=call.inputs["name"], Attributes=_attributes(call.inputs), Tags=tags)
    return answer["TopicArn"]


def _update(call: Call) -> None:
    for name, member in _ATTRIBUTES.items():
        if call.changed(name):
            value = str(call.inputs.get(name, ""))
            call.client.set_topic_attributes(TopicArn=call.id, AttributeName=member, AttributeValue=value)


def _subscribe(call: Call) -> str:
    given = call.inputs
    answer = call.client.subscribe(
        TopicArn=given["topic"], Protocol=given["protocol"], Endpoint=given["endpoint"], ReturnSubscriptionArn=True
    )
    return answer["SubscriptionArn"]


def _subscription(call: Call) -> dict[str, Any] | None:
    return call.client.get_subscription_attributes(SubscriptionArn=call.id)["Attributes"]


def _subscription_outputs(call: Call, found: Any) -> dict[str, Any]:
    # AWS delivers to it only after the link in its mail was followed.
    pending = call.inputs["protocol"] in ("email", "email-json")
    return {
        "arn": call.id,
        "pendingConfirmation": pending,
        "ownerId": found["Owner"],
        "confirmationWasAuthenticated": not pending,
    }


def _put_policy(call: Call) -> str:
    arn = call.inputs["arn"]
    call.client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=call.inputs["policy"])
    return arn


KINDS = [
    Kind(
        "aws:sns/topic:Topic",
        "sns",
        _create,
        read=("get_topic_attributes", lambda id: {"TopicArn": id}, "Attributes"),
        update=_update,
        delete=("delete_topic", lambda id: {"TopicArn": id}),
        outputs=lambda call, found: {"arn": call.id, "owner": found["Owner"], "policy": found["Policy"]},
    ),
    Kind(
        "aws:sns/topicSubscription:TopicSubscription",
        "sns",
        _subscribe,
        read=_subscription,
        delete=("unsubscribe", lambda id: {"SubscriptionArn": id}),
        outputs=_subscription_outputs,
    ),
    Kind(
        "aws:sns/topicPolicy:TopicPolicy",
        "sns",
        _put_policy,
        read=("get_topic_attributes", lambda id: {"TopicArn": id}, "Attributes"),
        update=_put_policy,
        outputs=lambda call, found: {"owner": found["Owner"]},
    ),
]
