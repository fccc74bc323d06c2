"""Lambda. No function runs here: the test sets the result of an invocation."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..calls import lingering
from ..calls.kind import Call, Kind, Step


def _create(call: Call) -> str:
    left_out = {"tags", "region", "code", "reservedConcurrentExecutions", "sourceCodeHash", "skipDestroy"}
    left_out |= {"replaceSecurityGroupsOnDestroy", "replacementSecurityGroupIds", "imageUri"}
    plain = {name: value for name, value in call.inputs.items() if name not in left_out}
    call.client.create_function(
        **call.members("create_function", plain),
        Code=_code(call),
        Tags=call.inputs.get("tags", {}),
    )
    call.id = call.inputs["name"]
    return call.id


def _code(call: Call) -> dict[str, Any]:
    if "code" in call.inputs:
        return {"ZipFile": call.inputs["code"].content()}
    given = call.inputs
    names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion", "imageUri": "ImageUri"}
    return {member: given[name] for name, member in names.items() if name in given}


def _set_concurrency(call: Call) -> None:
    count = call.inputs.get("reservedConcurrentExecutions", -1)
    if count >= 0:
        call.client.put_function_concurrency(FunctionName=call.id, ReservedConcurrentExecutions=count)
    elif call.old:
        call.client.delete_function_concurrency(FunctionName=call.id)


def _outputs(call: Call, found: Any) -> dict[str, Any]:
    configuration = found["Configuration"]
    arn = configuration["FunctionArn"]
    invoked = f"arn:aws:apigateway:{call.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    return {
        "arn": arn,
        "qualifiedArn": f"{arn}:{configuration['Version']}",
        "invokeArn": invoked,
        "codeSha256": configuration["CodeSha256"],
        "lastModified": configuration["LastModified"],
        "version": configuration["Version"],
        "sourceCodeSize": configuration["CodeSize"],
    }


def _delete(call: Call) -> None:
    call.client.delete_function(FunctionName=call.id)
    lingering.leave(call)


def _update_configuration(call: Call) -> None:
    names = {name for name in {*call.inputs, *call.old} if call.changed(name)} - {"tags", "code", "publish"}
    changed = call.members(
        "update_function_configuration", {name: call.inputs.get(name) for name in names & call.inputs.keys()}
    )
    if "environment" in names and "environment" not in call.inputs:
        changed["Environment"] = {"Variables": {}}
    call.client.update_function_configuration(FunctionName=call.id, **changed)


def _invoke(call: Call) -> str:
    given = call.inputs
    call.client.get_function(FunctionName=given["functionName"])
    json.loads(given["input"])
    assert call.controls
    call.controls.record(
        "invoke-function", call.kind.token, call.urn, function=given["functionName"], input=given["input"]
    )
    call.answer = {"result": call.controls.invoke(given["functionName"], given["input"])}
    digest = hashlib.md5(given["input"].encode(), usedforsecurity=False).hexdigest()
    return f"{given['functionName']},{given.get('qualifier', '$LATEST')},{digest}"


KINDS = [
    Kind(
        "aws:lambda/function:Function",
        "lambda",
        _create,
        read=("get_function", lambda id: {"FunctionName": id}, "@"),
        update=_update_configuration,
        delete=_delete,
        names={
            "name": "FunctionName",
            "kmsKeyArn": "KMSKeyArn",
            "skipDestroy": None,
            "replaceSecurityGroupsOnDestroy": None,
        },
        steps=(
            Step("reservedConcurrentExecutions", _set_concurrency),
            Step(
                "code sourceCodeHash s3Bucket s3Key s3ObjectVersion imageUri architectures",
                lambda call: call.client.update_function_code(FunctionName=call.id, **_code(call)),
                create=False,
            ),
        ),
        outputs=_outputs,
        renewed={
            # With publishing on, also the version and what is made of it; the components don't publish.
            "lastModified": "*",
            "codeSha256 sourceCodeSize": "code sourceCodeHash s3Key s3ObjectVersion imageUri",
        },
    ),
    Kind(
        "aws:lambda/invocation:Invocation",
        "lambda",
        _invoke,
        # The real one reads nothing back and, made only once, deletes nothing.
        read=lambda call: call.answer or {"result": call.outputs["result"]},
        outputs=lambda call, found: {"result": found["result"]},
    ),
]
