"""Load balancers: their attributes are texts under names of their own."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, Step
from ..calls.tags import pairs

_LOAD_BALANCER = {
    "clientKeepAlive": "client_keep_alive.seconds",
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
    "enableHttp2": "routing.http2.enabled",
    "enableTlsVersionAndCipherSuiteHeaders": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "enableWafFailOpen": "waf.fail_open.enabled",
    "enableXffClientPort": "routing.http.xff_client_port.enabled",
    "idleTimeout": "idle_timeout.timeout_seconds",
    "preserveHostHeader": "routing.http.preserve_host_header.enabled",
    "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
}
_LOGS = {
    "accessLogs": "access_logs.s3",
    "connectionLogs": "connection_logs.s3",
    "healthCheckLogs": "health_check_logs.s3",
}
_TARGET_GROUP = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
    "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
    "preserveClientIp": "preserve_client_ip.enabled",
    "slowStart": "slow_start.duration_seconds",
}
_RESPONSE = {
    "Server": "server.enabled",
    "StrictTransportSecurity": "strict_transport_security.header_value",
    "XContentTypeOptions": "x_content_type_options.header_value",
    "XFrameOptions": "x_frame_options.header_value",
    "ContentSecurityPolicy": "content_security_policy.header_value",
}
_LISTENER = {
    f"routingHttpResponse{name}{'Enabled' if name == 'Server' else 'HeaderValue'}": f"routing.http.response.{key}"
    for name, key in _RESPONSE.items()
}
_HEALTH_CHECK = {
    "enabled": "HealthCheckEnabled",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
_CONDITIONS = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "httpHeader": ("http-header", "HttpHeaderConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "queryStrings": ("query-string", "QueryStringConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _attributes(inputs: dict[str, Any], names: dict[str, str]) -> list[dict[str, str]]:
    found = {key: _text(inputs[name]) for name, key in names.items() if name in inputs}
    for name, key in _LOGS.items():
        if name in inputs and names is _LOAD_BALANCER:
            logs = {"enabled": False, "prefix": "", **inputs[name]}
            found |= {f"{key}.{part}": _text(logs[part]) for part in ("enabled", "bucket", "prefix")}
    if (stickiness := inputs.get("stickiness")) and names is _TARGET_GROUP:
        found |= {"stickiness.enabled": _text(stickiness.get("enabled", True)), "stickiness.type": stickiness["type"]}
    return [{"Key": key, "Value": value} for key, value in found.items()]


def _set_load_balancer_attributes(call: Call) -> None:
    call.client.modify_load_balancer_attributes(
        LoadBalancerArn=call.id, Attributes=_attributes(call.inputs, _LOAD_BALANCER)
    )


def _set_target_group_attributes(call: Call) -> None:
    call.client.modify_target_group_attributes(
        TargetGroupArn=call.id, Attributes=_attributes(call.inputs, _TARGET_GROUP)
    )


def _set_listener_attributes(call: Call) -> None:
    call.client.modify_listener_attributes(ListenerArn=call.id, Attributes=_attributes(call.inputs, _LISTENER))


def _load_balancer_outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "arn": call.id,
        "arnSuffix": call.id.partition(":loadbalancer/")[2],
        "dnsName": found["DNSName"],
        "zoneId": found["CanonicalHostedZoneId"],
        "vpcId": found["VpcId"],
    }


def _default_load_balancer(call: Call) -> dict[str, Any]:
    scheme = "internal" if call.inputs.get("internal") else "internet-facing"
    return {"Scheme": scheme, "Type": call.inputs.get("loadBalancerType", "application")}


def _health_check(check: dict[str, Any]) -> dict[str, Any]:
    found = {member: check[name] for name, member in _HEALTH_CHECK.items() if name in check}
    return found | ({"Matcher": {"HttpCode": check["matcher"]}} if "matcher" in check else {})


def _change_health_check(call: Call) -> None:
    call.client.modify_target_group(TargetGroupArn=call.id, **_health_check(call.inputs.get("healthCheck", {})))


def _action(action: dict[str, Any]) -> dict[str, Any]:
    found = {"Type": action["type"]}
    found |= {"Order": action["order"]} if "order" in action else {}
    found |= {"TargetGroupArn": action["targetGroupArn"]} if "targetGroupArn" in action else {}
    for name, member in (("redirect", "RedirectConfig"), ("fixedResponse", "FixedResponseConfig")):
        if name in action:
            found[member] = {key[0].upper() + key[1:]: value for key, value in action[name].items()}
    if forward := action.get("forward"):
        groups = [{"TargetGroupArn": each["arn"], "Weight": each.get("weight", 1)} for each in forward["targetGroups"]]
        found["ForwardConfig"] = {"TargetGroups": groups}
    return found


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    ((name, content),) = condition.items()
    field, member = _CONDITIONS[name]
    if name == "queryStrings":
        values: Any = {"Values": [{key.title(): value for key, value in each.items()} for each in content]}
    else:
        values = {key[0].upper() + key[1:]: value for key, value in content.items()}
    return {"Field": field, member: values}


def _listener(call: Call) -> dict[str, Any]:
    given = call.inputs
    members = call.members("create_listener", call.get("port", "protocol", "sslPolicy", "alpnPolicy"))
    members["DefaultActions"] = [_action(each) for each in given["defaultActions"]]
    if "certificateArn" in given:
        members["Certificates"] = [{"CertificateArn": given["certificateArn"]}]
    return members


def _tags(call: Call) -> dict[str, Any]:
    return {"Tags": pairs(call.inputs["tags"])} if call.inputs.get("tags") else {}


def _create_listener(call: Call) -> str:
    made = call.client.create_listener(LoadBalancerArn=call.inputs["loadBalancerArn"], **_listener(call), **_tags(call))
    return made["Listeners"][0]["ListenerArn"]


def _rule(call: Call) -> dict[str, Any]:
    return {
        "Actions": [_action(each) for each in call.inputs["actions"]],
        "Conditions": [_condition(each) for each in call.inputs["conditions"]],
    }


def _create_rule(call: Call) -> str:
    given = call.inputs
    taken = {each["Priority"] for each in call.client.describe_rules(ListenerArn=given["listenerArn"])["Rules"]}
    priority = given.get("priority") or max((int(each) for each in taken if each.isdigit()), default=0) + 1
    made = call.client.create_rule(ListenerArn=given["listenerArn"], Priority=priority, **_rule(call), **_tags(call))
    return made["Rules"][0]["RuleArn"]


def _change_priority(call: Call) -> None:
    call.client.set_rule_priorities(RulePriorities=[{"RuleArn": call.id, "Priority": call.inputs["priority"]}])


KINDS = [
    Kind(
        "aws:lb/loadBalancer:LoadBalancer",
        "elbv2",
        "create_load_balancer",
        id="LoadBalancers[0].LoadBalancerArn",
        read=("describe_load_balancers", lambda id: {"LoadBalancerArns": [id]}, "LoadBalancers[0]"),
        delete=("delete_load_balancer", lambda id: {"LoadBalancerArn": id}),
        names={"internal": None, "loadBalancerType": None},
        default=_default_load_balancer,
        steps=(
            Step(" ".join([*_LOAD_BALANCER, *_LOGS]), _set_load_balancer_attributes),
            Step(
                "subnets",
                lambda call: call.client.set_subnets(LoadBalancerArn=call.id, Subnets=call.inputs["subnets"]),
                create=False,
            ),
            Step(
                "securityGroups",
                lambda call: call.client.set_security_groups(
                    LoadBalancerArn=call.id, SecurityGroups=call.inputs["securityGroups"]
                ),
                create=False,
            ),
        ),
        outputs=_load_balancer_outputs,
    ),
    Kind(
        "aws:lb/targetGroup:TargetGroup",
        "elbv2",
        "create_target_group",
        id="TargetGroups[0].TargetGroupArn",
        read=("describe_target_groups", lambda id: {"TargetGroupArns": [id]}, "TargetGroups[0]"),
        delete=("delete_target_group", lambda id: {"TargetGroupArn": id}),
        names={"healthCheck": None},
        default=lambda call: _health_check(call.inputs.get("healthCheck", {})),
        steps=(
            Step(" ".join([*_TARGET_GROUP, "stickiness"]), _set_target_group_attributes),
            Step("healthCheck", _change_health_check, create=False),
        ),
        outputs=lambda call, found: {
            "arn": call.id,
            "arnSuffix": call.id.rpartition(":")[2],
            "loadBalancerArns": found["LoadBalancerArns"],
        },
    ),
    Kind(
        "aws:lb/listener:Listener",
        "elbv2",
        _create_listener,
        read=("describe_listeners", lambda id: {"ListenerArns": [id]}, "Listeners[0]"),
        update=lambda call: call.client.modify_listener(ListenerArn=call.id, **_listener(call)),
        delete=("delete_listener", lambda id: {"ListenerArn": id}),
        steps=(Step(" ".join(_LISTENER), _set_listener_attributes),),
        outputs=lambda call, found: {"arn": call.id},
    ),
    Kind(
        "aws:lb/listenerRule:ListenerRule",
        "elbv2",
        _create_rule,
        read=("describe_rules", lambda id: {"RuleArns": [id]}, "Rules[0]"),
        update=lambda call: call.client.modify_rule(RuleArn=call.id, **_rule(call)),
        delete=("delete_rule", lambda id: {"RuleArn": id}),
        steps=(Step("priority", _change_priority, create=False),),
        outputs=lambda call, found: {"arn": call.id, "priority": int(found["Priority"])},
    ),
]
