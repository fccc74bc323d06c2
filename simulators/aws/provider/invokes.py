"""The provider's functions, answered from moto; one that isn't in the table fails by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..cloud import cloud, offers


class InvokeError(Exception):
    """There is no such function here, or no such thing."""


@dataclass(frozen=True)
class Asked:
    """Whom a function asks."""

    region: str
    endpoint: str

    def boto3(self, service: str) -> Any:
        """Return a client."""
        return cloud.client(service, self.region, self.endpoint)


Answer = Callable[[dict[str, Any], Asked], dict[str, Any]]


def answer(token: str, arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Return the function's result.

    Raises:
        InvokeError: It isn't in the table, or what it looks for isn't there.
    """
    if token not in _TABLE:
        raise InvokeError(f"the simulator doesn't know the function {token}: add it to invokes.py")
    found = _TABLE[token](arguments, asked)
    digest = hashlib.sha256(repr(sorted(found.items(), key=str)).encode()).hexdigest()[:12]
    return {**arguments, "region": asked.region, "id": digest, **found}


def _region(_: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return {
        "id": asked.region,
        "name": asked.region,
        "description": asked.region,
        "endpoint": f"ec2.{asked.region}.amazonaws.com",
    }


def _caller(_: dict[str, Any], asked: Asked) -> dict[str, Any]:
    found = asked.boto3("sts").get_caller_identity()
    return {"id": found["Account"], "accountId": found["Account"], "arn": found["Arn"], "userId": found["UserId"]}


def _partition(_: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _zones(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    zones = asked.boto3("ec2").describe_availability_zones(Filters=_filters(arguments))["AvailabilityZones"]
    return {
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", asked.region) for zone in zones}),
    }


def _regions(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    found = asked.boto3("ec2").describe_regions()["Regions"]
    # moto shows all of them, whatever is asked.
    every = arguments.get("allRegions")
    return {"names": sorted(each["RegionName"] for each in found if every or each["OptInStatus"] != "not-opted-in")}


def _subnet(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    found = asked.boto3("ec2").describe_subnets(SubnetIds=[arguments["id"]])["Subnets"][0]
    return {
        "id": found["SubnetId"],
        "arn": found["SubnetArn"],
        "vpcId": found["VpcId"],
        "cidrBlock": found["CidrBlock"],
        "availabilityZone": found["AvailabilityZone"],
        "availabilityZoneId": found["AvailabilityZoneId"],
        "mapPublicIpOnLaunch": found["MapPublicIpOnLaunch"],
    }


def _filters(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": each["name"], "Values": each["values"]} for each in arguments.get("filters", [])]


def _instance_type(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    found = asked.boto3("ec2").describe_instance_types(InstanceTypes=[arguments["instanceType"]])["InstanceTypes"][0]
    return {
        "id": arguments["instanceType"],
        "memorySize": found["MemoryInfo"]["SizeInMiB"],
        "defaultVcpus": found["VCpuInfo"]["DefaultVCpus"],
        "supportedArchitectures": found["ProcessorInfo"]["SupportedArchitectures"],
        "currentGeneration": found.get("CurrentGeneration", True),
        "burstablePerformanceSupported": found.get("BurstablePerformanceSupported", False),
        "hypervisor": found.get("Hypervisor", ""),
    }


def _offerings(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    where = arguments.get("locationType", "region")
    found = asked.boto3("ec2").describe_instance_type_offerings(LocationType=where, Filters=_filters(arguments))
    offered = found["InstanceTypeOfferings"]
    return {
        "instanceTypes": [each["InstanceType"] for each in offered],
        "locations": [each["Location"] for each in offered],
        "locationTypes": [each["LocationType"] for each in offered],
    }


def _image(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    owners = {"Owners": arguments["owners"]} if arguments.get("owners") else {}
    found = asked.boto3("ec2").describe_images(Filters=_filters(arguments), **owners)["Images"]
    if not found:
        raise InvokeError("Your query returned no results. Please change your search criteria and try again.")
    if len(found) > 1 and not arguments.get("mostRecent"):
        raise InvokeError("Your query returned more than one result. Please try a more specific search criteria.")
    image = max(found, key=lambda each: each["CreationDate"])
    return {
        "id": image["ImageId"],
        "imageId": image["ImageId"],
        "name": image.get("Name", ""),
        "architecture": image["Architecture"],
        "creationDate": image["CreationDate"],
        "rootDeviceName": image.get("RootDeviceName", "/dev/xvda"),
    }


def _parameter(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    found = asked.boto3("ssm").get_parameter(Name=arguments["name"], WithDecryption=True)["Parameter"]
    return {
        "arn": found["ARN"],
        "type": found["Type"],
        "value": found["Value"],
        "insecureValue": "" if found["Type"] == "SecureString" else found["Value"],
        "version": found["Version"],
    }


def _zone(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    client = asked.boto3("route53")
    if "zoneId" in arguments:
        found = client.get_hosted_zone(Id=arguments["zoneId"])["HostedZone"]
    else:
        name = arguments["name"].removesuffix(".") + "."
        zones = client.list_hosted_zones()["HostedZones"]
        private = bool(arguments.get("privateZone"))
        fitting = [each for each in zones if each["Name"] == name and each["Config"]["PrivateZone"] == private]
        if len(fitting) != 1:
            raise InvokeError(f"no matching Route 53 Hosted Zone found: {name}")
        found = fitting[0]
    zone = found["Id"].rpartition("/")[2]
    return {
        "id": zone,
        "zoneId": zone,
        "name": found["Name"].removesuffix("."),
        "arn": f"arn:aws:route53:::hostedzone/{zone}",
        # None: no public DNS server knows the name servers that moto makes up.
        "nameServers": [],
        "privateZone": found["Config"]["PrivateZone"],
    }


def _engine_version(arguments: dict[str, Any], _: Asked) -> dict[str, Any]:
    engine, wanted = arguments["engine"], str(arguments.get("version", ""))
    found = offers.newest(engine, wanted) if wanted else offers.engine_versions(engine)[-1]
    if found is None:
        raise InvokeError("no RDS engine versions match the criteria; try different search")
    exact = found if arguments.get("latest") or not wanted else wanted
    return {
        "id": exact,
        "version": exact,
        "versionActual": found,
        "parameterGroupFamily": f"{engine}{exact.partition('.')[0]}",
        "defaultOnly": False,
        "supportedFeatureNames": [],
        "status": "available",
    }


def _orderable(arguments: dict[str, Any], _: Asked) -> dict[str, Any]:
    version = str(arguments.get("engineVersion", ""))
    offered = offers.instance_classes(arguments["engine"], version)
    if kind := arguments.get("instanceClass"):
        # RDS offers most classes in several ways, by storage and zones, and the provider takes none of them then.
        count = "multiple" if kind in offered else "no"
        raise InvokeError(f"{count} RDS DB Instance Classes match the criteria; try a different search")
    wanted = next((each for each in arguments["preferredInstanceClasses"] if each in offered), None)
    if wanted is None:
        raise InvokeError("multiple RDS DB Instance Classes match the criteria; try a different search")
    storage = arguments.get("storageType", "gp3")
    return {"id": wanted, "instanceClass": wanted, "engineVersion": version, "storageType": storage}


def _instances(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    wanted = arguments.get("tags", {}).items()
    found = asked.boto3("rds").describe_db_instances()["DBInstances"]
    ours = [each for each in found if wanted <= {tag["Key"]: tag["Value"] for tag in each.get("TagList", [])}.items()]
    return {
        "instanceIdentifiers": [each["DBInstanceIdentifier"] for each in ours],
        "instanceArns": [each["DBInstanceArn"] for each in ours],
    }


def _instance(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    name = arguments["dbInstanceIdentifier"]
    (found,) = asked.boto3("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    version = found["EngineVersion"]
    return {"id": name, "engineVersion": offers.newest(found["Engine"], version) or version}


def _default_disk_key(_: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return {"keyArn": asked.boto3("ec2").get_ebs_default_kms_key_id()["KmsKeyId"]}


def _key(arguments: dict[str, Any], asked: Asked) -> dict[str, Any]:
    found = asked.boto3("kms").describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    return {"id": found["KeyId"], "arn": found["Arn"], "keyManager": found["KeyManager"], "keyState": found["KeyState"]}


_TABLE: dict[str, Answer] = {
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getRegions:getRegions": _regions,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getInstanceType:getInstanceType": _instance_type,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _offerings,
    "aws:ec2/getAmi:getAmi": _image,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:route53/getZone:getZone": _zone,
    "aws:rds/getEngineVersion:getEngineVersion": _engine_version,
    "aws:rds/getOrderableDbInstance:getOrderableDbInstance": _orderable,
    "aws:rds/getInstances:getInstances": _instances,
    "aws:rds/getInstance:getInstance": _instance,
    "aws:ebs/getDefaultKmsKey:getDefaultKmsKey": _default_disk_key,
    "aws:kms/getKey:getKey": _key,
}
