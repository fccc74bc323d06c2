"""RDS. moto makes the administrator's secret in Secrets Manager, as RDS does."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, RefusedError, Step
from ..calls.tags import pairs
from ..cloud import offers

_NOT_SENT = (
    "applyImmediately",
    "skipFinalSnapshot",
    "finalSnapshotIdentifier",
    "deleteAutomatedBackups",
    "allowMajorVersionUpgrade",
    "engineLifecycleSupport",
)


def _create(call: Call) -> str:
    plain = {name: value for name, value in call.inputs.items() if name not in {*_NOT_SENT, "tags", "region"}}
    tags = pairs(call.inputs.get("tags", {}))
    call.client.create_db_instance(**call.members("create_db_instance", plain), Tags=tags)
    # Not the identifier: that can be changed.
    return _find(call)["DbiResourceId"]


def _find(call: Call) -> Any:
    return call.client.describe_db_instances(DBInstanceIdentifier=call.inputs["identifier"])["DBInstances"][0]


def _outputs(call: Call, found: Any) -> dict[str, Any]:
    endpoint = found["Endpoint"]
    secret = found.get("MasterUserSecret")
    outputs = {
        "arn": found["DBInstanceArn"],
        "address": endpoint["Address"],
        "port": endpoint["Port"],
        "endpoint": f"{endpoint['Address']}:{endpoint['Port']}",
        "hostedZoneId": "Z1RLNUO7B9Q6NB",
        "resourceId": found["DbiResourceId"],
        "status": found["DBInstanceStatus"],
        "engineVersionActual": offers.newest(found["Engine"], found["EngineVersion"]) or found["EngineVersion"],
        "masterUserSecrets": [],
    }
    if secret:
        outputs["masterUserSecrets"] = [
            {"secretArn": secret["SecretArn"], "kmsKeyId": secret["KmsKeyId"], "secretStatus": "active"}
        ]
    return outputs


def _delete(call: Call) -> None:
    given = call.inputs
    if given.get("deletionProtection"):
        raise RefusedError("Cannot delete protected DB Instance, please disable deletion protection and try again.")
    skip = given.get("skipFinalSnapshot", False)
    if not skip and "finalSnapshotIdentifier" not in given:
        raise RefusedError("finalSnapshotIdentifier is required when skipFinalSnapshot is false")
    how = {"SkipFinalSnapshot": True} if skip else {"FinalDBSnapshotIdentifier": given["finalSnapshotIdentifier"]}
    call.client.delete_db_instance(DBInstanceIdentifier=given["identifier"], **how)


def _update(call: Call) -> None:
    names = {name for name in call.inputs if call.changed(name)} - {"tags", "identifier", *_NOT_SENT}
    changed = call.members("modify_db_instance", {name: call.inputs[name] for name in names})
    major = {"AllowMajorVersionUpgrade": True} if call.inputs.get("allowMajorVersionUpgrade") else {}
    renamed = {"NewDBInstanceIdentifier": call.inputs["identifier"]} if call.changed("identifier") else {}
    call.client.modify_db_instance(
        DBInstanceIdentifier=call.old["identifier"], ApplyImmediately=True, **changed, **major, **renamed
    )


def _set_parameters(call: Call) -> None:
    def by_name(inputs: dict[str, Any]) -> dict[str, Any]:
        return {each["name"]: each for each in inputs.get("parameters", [])}

    old, new = by_name(call.old), by_name(call.inputs)
    name = call.inputs["name"]
    if changed := [each for key, each in new.items() if old.get(key) != each]:
        parameters = [
            {
                "ParameterName": each["name"],
                "ParameterValue": each["value"],
                "ApplyMethod": each.get("applyMethod", "immediate"),
            }
            for each in changed
        ]
        call.client.modify_db_parameter_group(DBParameterGroupName=name, Parameters=parameters)


KINDS = [
    Kind(
        "aws:rds/instance:Instance",
        "rds",
        _create,
        read=_find,
        update=_update,
        delete=_delete,
        names={
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "username": "MasterUsername",
            "password": "MasterUserPassword",
            "parameterGroupName": "DBParameterGroupName",
            "vpcSecurityGroupIds": "VpcSecurityGroupIds",
            "multiAz": "MultiAZ",
            "caCertIdentifier": "CACertificateIdentifier",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "backupWindow": "PreferredBackupWindow",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
            **dict.fromkeys(_NOT_SENT),
        },
        outputs=_outputs,
        refreshed="backupRetentionPeriod deletionProtection multiAz publiclyAccessible",
        renewed={
            "address endpoint": "identifier",
            "engineVersionActual": "engineVersion",
            "masterUserSecrets": "manageMasterUserPassword",
        },
    ),
    Kind(
        "aws:rds/subnetGroup:SubnetGroup",
        "rds",
        "create_db_subnet_group",
        id="@name",
        read=("describe_db_subnet_groups", lambda id: {"DBSubnetGroupName": id}, "DBSubnetGroups[0]"),
        update=lambda call: call.client.modify_db_subnet_group(
            DBSubnetGroupName=call.id,
            SubnetIds=call.inputs["subnetIds"],
            DBSubnetGroupDescription=call.inputs["description"],
        ),
        delete=("delete_db_subnet_group", lambda id: {"DBSubnetGroupName": id}),
        names={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        outputs=lambda call, found: {
            "arn": found["DBSubnetGroupArn"],
            "vpcId": found["VpcId"],
            "supportedNetworkTypes": ["IPV4"],
        },
    ),
    Kind(
        "aws:rds/parameterGroup:ParameterGroup",
        "rds",
        "create_db_parameter_group",
        id="@name",
        read=("describe_db_parameter_groups", lambda id: {"DBParameterGroupName": id}, "DBParameterGroups[0]"),
        delete=("delete_db_parameter_group", lambda id: {"DBParameterGroupName": id}),
        names={"name": "DBParameterGroupName", "family": "DBParameterGroupFamily", "skipDestroy": None},
        steps=(Step("parameters", _set_parameters),),
        outputs=lambda call, found: {"arn": found["DBParameterGroupArn"]},
    ),
]
