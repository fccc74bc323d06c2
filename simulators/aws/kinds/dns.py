"""Certificates and DNS records."""

from __future__ import annotations

import uuid
from typing import Any

from ..calls.kind import Call, Kind, RefusedError


def _certificate_outputs(call: Call, found: Any) -> dict[str, Any]:
    options = [
        {
            "domainName": each["DomainName"],
            "resourceRecordName": each["ResourceRecord"]["Name"],
            "resourceRecordType": each["ResourceRecord"]["Type"],
            "resourceRecordValue": each["ResourceRecord"]["Value"],
        }
        for each in found.get("DomainValidationOptions", [])
        if "ResourceRecord" in each
    ]
    return {
        "arn": call.id,
        "domainValidationOptions": options,
        "status": found["Status"],
        "renewalEligibility": found.get("RenewalEligibility", "INELIGIBLE"),
        "pendingRenewal": False,
        "validationEmails": [],
    }


def _await_certificate(call: Call) -> str:
    # The second look at a requested certificate sees it issued; moto asks no DNS.
    for _ in range(3):
        found = call.client.describe_certificate(CertificateArn=call.inputs["certificateArn"])["Certificate"]
        if found["Status"] == "ISSUED":
            return str(uuid.uuid4())
    raise RefusedError(f"waiting for ACM Certificate ({call.inputs['certificateArn']}) to be issued: timeout")


def _record_name(call: Call, zone: str) -> str:
    name = call.inputs["name"].removesuffix(".")
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}".removeprefix(".")


def _zone(call: Call) -> str:
    found = call.client.get_hosted_zone(Id=call.inputs["zoneId"])["HostedZone"]
    return found["Name"].removesuffix(".")


def _record(inputs: dict[str, Any], name: str) -> dict[str, Any]:
    record: dict[str, Any] = {"Name": name, "Type": inputs["type"]}
    if aliases := inputs.get("aliases"):
        (alias,) = aliases
        record["AliasTarget"] = {
            "HostedZoneId": alias["zoneId"],
            "DNSName": alias["name"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
        return record
    quote = '"{}"' if inputs["type"] == "TXT" else "{}"
    records = [{"Value": quote.format(value)} for value in inputs.get("records", [])]
    return {**record, "TTL": inputs["ttl"], "ResourceRecords": records}


def _change(call: Call, action: str, inputs: dict[str, Any], name: str) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": _record(inputs, name)}]}
    call.client.change_resource_record_sets(HostedZoneId=call.inputs["zoneId"], ChangeBatch=batch)


def _create_record(call: Call) -> str:
    name = _record_name(call, _zone(call))
    _change(call, "UPSERT" if call.inputs.get("allowOverwrite") else "CREATE", call.inputs, name)
    return f"{call.inputs['zoneId']}_{name}_{call.inputs['type']}"


def _find_record(call: Call) -> dict[str, Any] | None:
    name = _record_name(call, _zone(call))
    found = call.client.list_resource_record_sets(HostedZoneId=call.inputs["zoneId"])["ResourceRecordSets"]
    wanted = (f"{name}.", call.inputs["type"])
    record = next((each for each in found if (each["Name"], each["Type"]) == wanted), None)
    return record and {"fqdn": name}


def _update_record(call: Call) -> None:
    _change(call, "UPSERT", call.inputs, _record_name(call, _zone(call)))


def _delete_record(call: Call) -> None:
    if _find_record(call):
        _change(call, "DELETE", call.inputs, _record_name(call, _zone(call)))


KINDS = [
    Kind(
        "aws:acm/certificate:Certificate",
        "acm",
        "request_certificate",
        id="CertificateArn",
        read=("describe_certificate", lambda id: {"CertificateArn": id}, "Certificate"),
        delete=("delete_certificate", lambda id: {"CertificateArn": id}),
        outputs=_certificate_outputs,
    ),
    Kind(
        "aws:acm/certificateValidation:CertificateValidation",
        "acm",
        _await_certificate,
        read=lambda call: call.client.describe_certificate(CertificateArn=call.inputs["certificateArn"])["Certificate"],
    ),
    Kind(
        "aws:route53/record:Record",
        "route53",
        _create_record,
        read=_find_record,
        update=_update_record,
        delete=_delete_record,
        outputs=lambda call, found: {"fqdn": found["fqdn"]},
    ),
]
