"""CloudWatch: log groups, metric filters, alarms, dashboards; EventBridge rules."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, RefusedError, Step
from ..calls.tags import pairs


def _retain(call: Call) -> None:
    name, days = call.inputs["name"], call.inputs.get("retentionInDays")
    if days:
        call.client.put_retention_policy(logGroupName=name, retentionInDays=days)
    else:
        call.client.delete_retention_policy(logGroupName=name)


def _encrypt(call: Call) -> None:
    if key := call.inputs.get("kmsKeyId"):
        call.client.associate_kms_key(logGroupName=call.id, kmsKeyId=key)
    else:
        call.client.disassociate_kms_key(logGroupName=call.id)


def _group(call: Call) -> dict[str, Any] | None:
    found = call.client.describe_log_groups(logGroupNamePrefix=call.id)["logGroups"]
    return next((each for each in found if each["logGroupName"] == call.id), None)


def _put_filter(call: Call) -> str:
    given = call.inputs
    transformation = {name[0].lower() + name[1:]: value for name, value in given["metricTransformation"].items()}
    transformation["metricName"], transformation["metricNamespace"] = (
        transformation.pop("name"),
        transformation.pop("namespace"),
    )
    transformation["metricValue"] = transformation.pop("value")
    if "defaultValue" in transformation:
        transformation["defaultValue"] = float(transformation["defaultValue"])
    call.client.put_metric_filter(
        logGroupName=given["logGroupName"],
        filterName=given["name"],
        filterPattern=given["pattern"],
        metricTransformations=[transformation],
    )
    return given["name"]


def _filter(call: Call) -> dict[str, Any] | None:
    found = call.client.describe_metric_filters(logGroupName=call.inputs["logGroupName"])["metricFilters"]
    return next((each for each in found if each["filterName"] == call.id), None)


def _alarm(call: Call) -> str:
    plain = {name: value for name, value in call.inputs.items() if name not in ("tags", "region")}
    queries = plain.pop("metricQueries", None)
    arguments = call.members("put_metric_alarm", plain)
    if queries:
        shape = {"Metrics": [_query(each) for each in queries]}
        arguments |= shape
    tags = pairs(call.inputs.get("tags", {}))
    call.client.put_metric_alarm(**arguments, **({"Tags": tags} if tags else {}))
    return call.inputs["name"]


def _query(query: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name[0].upper() + name[1:]: value for name, value in query.items() if name != "metric"}
    if metric := query.get("metric"):
        dimensions = [{"Name": name, "Value": value} for name, value in metric.get("dimensions", {}).items()]
        found["MetricStat"] = {
            "Metric": {"Namespace": metric["namespace"], "MetricName": metric["metricName"], "Dimensions": dimensions},
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
    return found


def _dashboard(call: Call) -> str:
    answer = call.client.put_dashboard(
        DashboardName=call.inputs["dashboardName"], DashboardBody=call.inputs["dashboardBody"]
    )
    if answer.get("DashboardValidationMessages"):
        raise RefusedError(str(answer["DashboardValidationMessages"]))
    return call.inputs["dashboardName"]


def _put_target(call: Call) -> str:
    given = call.inputs
    target = {"Id": given.get("targetId", call.name), "Arn": given["arn"]}
    target |= {"RoleArn": given["roleArn"]} if "roleArn" in given else {}
    target |= {"Input": given["input"]} if "input" in given else {}
    if transformer := given.get("inputTransformer"):
        target["InputTransformer"] = {
            "InputPathsMap": transformer.get("inputPaths", {}),
            "InputTemplate": transformer["inputTemplate"],
        }
    call.client.put_targets(Rule=given["rule"], Targets=[target])
    return f"{given['rule']}-{target['Id']}"


def _target(call: Call) -> dict[str, Any] | None:
    found = call.client.list_targets_by_rule(Rule=call.inputs["rule"])["Targets"]
    return next((each for each in found if f"{call.inputs['rule']}-{each['Id']}" == call.id), None)


KINDS = [
    Kind(
        "aws:cloudwatch/logGroup:LogGroup",
        "logs",
        "create_log_group",
        id="@name",
        read=_group,
        delete=lambda call: (
            None if call.inputs.get("skipDestroy") else call.client.delete_log_group(logGroupName=call.id)
        ),
        names={"name": "logGroupName", "skipDestroy": None},
        steps=(Step("retentionInDays", _retain), Step("kmsKeyId", _encrypt, create=False)),
        outputs=lambda call, found: {"arn": found["arn"].removesuffix(":*")},
    ),
    Kind(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "logs",
        _put_filter,
        read=_filter,
        update=_put_filter,
        delete=lambda call: call.client.delete_metric_filter(
            logGroupName=call.inputs["logGroupName"], filterName=call.id
        ),
    ),
    Kind(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "cloudwatch",
        _alarm,
        read=("describe_alarms", lambda id: {"AlarmNames": [id]}, "MetricAlarms[0]"),
        update=_alarm,
        delete=("delete_alarms", lambda id: {"AlarmNames": [id]}),
        names={"name": "AlarmName"},
        outputs=lambda call, found: {"arn": found["AlarmArn"]},
    ),
    Kind(
        "aws:cloudwatch/dashboard:Dashboard",
        "cloudwatch",
        _dashboard,
        read=("get_dashboard", lambda id: {"DashboardName": id}, "@"),
        update=_dashboard,
        delete=("delete_dashboards", lambda id: {"DashboardNames": [id]}),
        outputs=lambda call, found: {"dashboardArn": call.arn(f"dashboard/{call.id}", region=False)},
    ),
    Kind(
        "aws:cloudwatch/eventRule:EventRule",
        "events",
        "put_rule",
        id="@name",
        read=("describe_rule", lambda id: {"Name": id}, "@"),
        delete=("delete_rule", lambda id: {"Name": id}),
        recreated=True,
    ),
    Kind(
        "aws:cloudwatch/eventTarget:EventTarget",
        "events",
        _put_target,
        read=_target,
        update=_put_target,
        delete=lambda call: call.client.remove_targets(
            Rule=call.inputs["rule"], Ids=[call.id.removeprefix(f"{call.inputs['rule']}-")]
        ),
        outputs=lambda call, found: {"targetId": found["Id"]},
    ),
]
