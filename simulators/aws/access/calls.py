"""The IAM permissions that an API call needs: its action on each named resource, and AWS's further actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import definition
from .policy import Request
from .resources import Ask, as_map, named, stored_tags

_PREFIXES = {"elbv2": "elasticloadbalancing"}
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Operations whose action has another name."""

_TAGGING = {
    "acm:RequestCertificate": "acm:AddTagsToCertificate",
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    "elasticloadbalancing": "elasticloadbalancing:AddTags",
    "events": "events:TagResource",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreateRole": "iam:TagRole",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "rds": "rds:AddTagsToResource",
    "secretsmanager": "secretsmanager:TagResource",
    "sns": "sns:TagResource",
    "ssm": "ssm:AddTagsToResource",
    "wafv2": "wafv2:TagResource",
}
"""By action or service: what a creation with tags takes besides. EC2 has a condition key for it."""

_SERVICES_OF_ROLES = {
    "ec2:CreateFlowLogs": "vpc-flow-logs.amazonaws.com",
    "iam:AddRoleToInstanceProfile": "ec2.amazonaws.com",
    "lambda:CreateFunction": "lambda.amazonaws.com",
    "lambda:UpdateFunctionConfiguration": "lambda.amazonaws.com",
    "rds:CreateDBInstance": "monitoring.rds.amazonaws.com",
    "rds:ModifyDBInstance": "monitoring.rds.amazonaws.com",
}
"""Actions that hand a role to a service, which `iam:PassRole` must allow."""


@dataclass(frozen=True)
class ApiCall:
    """A call of an API, before it is sent."""

    service: str
    """As boto3 names it."""
    operation: str
    given: Mapping[str, Any]
    """The members of the request."""
    region: str
    account: str
    ask: Ask

    @property
    def action(self) -> str:
        """The action of the same name."""
        name = f"{_PREFIXES.get(self.service, self.service)}:{self.operation}"
        return _ACTIONS.get(name, name)

    def requests(self) -> Iterator[Request]:
        """Yield all that IAM is asked."""
        given = self.given
        if self.action == "sts:GetCallerIdentity":
            return  # It needs no right, and no policy can deny it.
        if self.action == "ec2:RunInstances" and "LaunchTemplate" in given:
            given = {**self._template(given["LaunchTemplate"]), **given}
        yield from self._of(self.action, {**given, **self._behind()})
        yield from self._tagging()
        yield from self._roles()
        yield from self._keys()
        yield from self._more()

    def _of(self, name: str, given: Mapping[str, Any]) -> Iterator[Request]:
        """Yield the action on each resource that the members name, and on each that it makes."""
        action = definition.action(name)
        if not action.resources:
            yield Request(action.name, "*", self._context(action, None, {}, request_tags(given)))
            return
        arns = named(action.name, given, self.region, self.account)
        asked = 0
        for resource in action.resources:
            mine = [arn for arn in arns if resource.is_arn(arn)]
            if not mine and name.startswith("ec2:") and _is_made(resource, given):
                mine = [resource.arn.replace("${Partition}", "aws").replace("${Region}", self.region)]
                mine = [re.sub(r"\$\{[^}]*\}", "*", mine[0].replace("${Account}", self.account))]
            for arn in mine:
                asked += 1
                # What a call makes has no tags yet, and the tags of a call are of what it makes.
                new = arn.endswith("*") or "aws:requesttag/" in resource.keys
                tags = request_tags(given, resource.type) if new or not name.startswith("ec2:") else {}
                yield Request(action.name, arn, self._context(action, resource, stored_tags(arn, self.ask), tags))
        if not asked:
            every = [re.sub(r"\$\{[^}]*\}", "*", each.arn) for each in action.resources if each.required]
            yield Request(action.name, every[0] if every else "*", self._context(action, None, {}, request_tags(given)))

    def _behind(self) -> dict[str, str]:
        """Return the ids that an association stands for."""
        association, ec2 = str(self.given.get("AssociationId", "")), self.ask("ec2")
        if association.startswith("eipassoc-"):
            found = ec2.describe_addresses(Filters=[{"Name": "association-id", "Values": [association]}])["Addresses"]
            return {key: each[key] for each in found for key in ("AllocationId", "NetworkInterfaceId") if key in each}
        if association.startswith("rtbassoc-"):
            filters = [{"Name": "association.route-table-association-id", "Values": [association]}]
            tables = ec2.describe_route_tables(Filters=filters)["RouteTables"]
            found = [each for table in tables for each in table["Associations"]]
            mine = [each for each in found if each["RouteTableAssociationId"] == association]
            # The new table, if there is one, is in the request.
            return {"OldRouteTableId": mine[0]["RouteTableId"], "SubnetId": mine[0]["SubnetId"]} if mine else {}
        return {}

    def _context(
        self,
        action: definition.Action,
        resource: definition.Resource | None,
        stored: Mapping[str, str],
        sent: Mapping[str, str],
        keys: Mapping[str, str] | None = None,
    ) -> dict[str, str | list[str]]:
        """Return the condition keys that AWS knows for this action and resource."""
        everything: dict[str, str | list[str]] = {
            "aws:requestedregion": self.region,
            "aws:principalaccount": self.account,
            "aws:securetransport": "true",
            **{f"aws:resourcetag/{key}": value for key, value in stored.items()},
            **{f"aws:requesttag/{key}": value for key, value in sent.items()},
            **({"aws:tagkeys": list(sent)} if sent else {}),
            **self._from_members(),
            **(keys or {}),
        }
        return {key.lower(): value for key, value in everything.items() if action.supports(key, resource)}

    def _from_members(self) -> dict[str, str]:
        """Return the condition keys whose values are members of the request."""
        found = {"iam:PolicyARN": str(self.given["PolicyArn"])} if "PolicyArn" in self.given else {}
        if template := (self.given.get("LaunchTemplate") or {}).get("LaunchTemplateId"):
            arn = f"arn:aws:ec2:{self.region}:{self.account}:launch-template/{template}"
            found |= {"ec2:LaunchTemplate": arn, "ec2:IsLaunchTemplateResource": "true"}
        return found

    def _one(
        self, name: str, arn: str, sent: Mapping[str, str] | None = None, *, keys: Mapping[str, str] | None = None
    ) -> Request:
        """Return the request for an action on one resource."""
        action = definition.action(name)
        resource = next((each for each in action.resources if each.is_arn(arn)), None)
        stored = stored_tags(arn, self.ask)
        return Request(action.name, arn, self._context(action, resource, stored, sent or {}, keys or {}))

    def _tagging(self) -> Iterator[Request]:
        """Yield the tagging that a creation does."""
        service = self.action.partition(":")[0]
        if service == "ec2":
            for each in self.given.get("TagSpecifications", ()):
                arn = f"arn:aws:ec2:{self.region}:{self.account}:{each['ResourceType']}/*"
                yield self._one("ec2:CreateTags", arn, as_map(each["Tags"]), keys={"ec2:CreateAction": self.operation})
            return
        tagging = _TAGGING.get(self.action, _TAGGING.get(service))
        tags = request_tags(self.given)
        creates = re.match(r"Create|Put|Request|Restore", self.operation)
        if tagging and tags and creates:
            action = definition.action(tagging)
            arns = named(self.action, self.given, self.region, self.account)
            own = [arn for arn in arns if any(each.is_arn(arn) for each in action.resources)]
            new = f"arn:aws:{service}:{self.region}:{self.account}:"
            made = {"kms:CreateKey": f"{new}key/*", "acm:RequestCertificate": f"{new}certificate/*"}
            for arn in [made[self.action]] if self.action in made else own[:1]:
                yield self._one(tagging, arn, tags)

    def _roles(self) -> Iterator[Request]:
        """Yield the right to hand roles on."""
        passed = {"iam:PassedToService": _SERVICES_OF_ROLES.get(self.action, "")}
        if self.action == "iam:AddRoleToInstanceProfile":
            yield self._one("iam:PassRole", f"arn:aws:iam::{self.account}:role/{self.given['RoleName']}", keys=passed)
        elif self.action in _SERVICES_OF_ROLES:
            for name in ("Role", "MonitoringRoleArn", "DeliverLogsPermissionArn"):
                if name in self.given:
                    yield self._one("iam:PassRole", self.given[name], keys=passed)

    def _keys(self) -> Iterator[Request]:
        """Yield the use of customer keys that a service makes in the caller's name."""
        via = {"kms:ViaService": f"{self.service}.{self.region}.amazonaws.com"}
        if self.service == "secretsmanager" and re.match(r"Create|Put|Get.*Value", self.operation):
            key: str = self.given.get("KmsKeyId", "")
            if not key and "SecretId" in self.given:
                key = self.ask("secretsmanager").describe_secret(SecretId=self.given["SecretId"]).get("KmsKeyId", "")
            for name in ("kms:Decrypt", "kms:GenerateDataKey") if key else ():
                yield self._one(name, self._key(key), keys=via)
        if self.action == "rds:CreateDBInstance" and "KmsKeyId" in self.given:
            for name in ("kms:CreateGrant", "kms:DescribeKey"):
                yield self._one(
                    name, self._key(self.given["KmsKeyId"]), keys={**via, "kms:GrantIsForAWSResource": "true"}
                )

    def _key(self, key: str) -> str:
        return key if key.startswith("arn:") else f"arn:aws:kms:{self.region}:{self.account}:key/{key}"

    def _more(self) -> Iterator[Request]:
        """Yield what AWS asks for besides, one action at a time."""
        given, new = self.given, f"arn:aws:secretsmanager:{self.region}:{self.account}:secret:rds!db-new-AbCdEf"
        match self.action:
            case "ec2:CreateVpcEndpoint" if given.get("PrivateDnsEnabled"):
                yield self._one("route53:AssociateVPCWithHostedZone", "arn:aws:route53:::hostedzone/ZOFAWS")
            case "rds:CreateDBInstance" if given.get("ManageMasterUserPassword"):
                for name in ("secretsmanager:CreateSecret", "secretsmanager:TagResource"):
                    yield self._one(name, new)
                if key := given.get("MasterUserSecretKmsKeyId"):
                    for name in ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"):
                        service = f"secretsmanager.{self.region}.amazonaws.com"
                        yield self._one(name, self._key(key), keys={"kms:ViaService": service})
            case "wafv2:AssociateWebACL":
                yield self._one("elasticloadbalancing:SetWebACL", given["ResourceArn"])
            case "wafv2:PutLoggingConfiguration":
                for name in ("logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:PutResourcePolicy"):
                    yield self._one(name, "*")
            case "autoscaling:CreateAutoScalingGroup" | "autoscaling:UpdateAutoScalingGroup":
                yield from self._launch_of_group()
            case "ec2:RunInstances":
                yield from self._pass_profile(given)
            case _:
                pass

    def _launch_of_group(self) -> Iterator[Request]:
        """Yield the launch that Auto Scaling tries in the caller's name, with the template of the group."""
        template = self.given.get("LaunchTemplate")
        if template:
            subnets = self.given.get("VPCZoneIdentifier", "").split(",")
            for subnet in filter(None, subnets):
                yield from self._of("ec2:RunInstances", {**self._template(template), "SubnetId": subnet})
            yield from self._pass_profile(self._template(template))

    def _template(self, template: Mapping[str, Any]) -> dict[str, Any]:
        chosen = {"LaunchTemplateId": template["LaunchTemplateId"], "Versions": [template.get("Version", "$Default")]}
        found = self.ask("ec2").describe_launch_template_versions(**chosen)["LaunchTemplateVersions"][0]
        return {**found["LaunchTemplateData"], "LaunchTemplate": template}

    def _pass_profile(self, given: Mapping[str, Any]) -> Iterator[Request]:
        """Yield the right to hand the role of the instance profile to EC2."""
        if "IamInstanceProfile" not in given and "LaunchTemplate" in given:
            given = self._template(given["LaunchTemplate"])
        profile = given.get("IamInstanceProfile", {})
        name = profile.get("Name") or profile.get("Arn", "").rpartition("/")[2]
        if name:
            found = self.ask("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
            for role in found["Roles"]:
                yield self._one("iam:PassRole", role["Arn"], keys={"iam:PassedToService": "ec2.amazonaws.com"})


def _is_made(resource: definition.Resource, given: Mapping[str, Any]) -> bool:
    """Whether a call that names no resource of this type makes one."""
    kinds = [each["ResourceType"] for each in given.get("TagSpecifications", ())]
    # What a launch's devices are is not in the call when the machine image says it; there is always a root volume.
    return resource.required or resource.type in kinds or (resource.type == "volume" and "ImageId" in given)


def request_tags(given: Mapping[str, Any], kind: str = "") -> dict[str, str]:
    """Return the tags that a request carries: those of one type of resource, or all of the call's."""
    for each in given.get("TagSpecifications", ()):
        if each["ResourceType"] == kind:
            return as_map(each["Tags"])
    return as_map(given.get("Tags", given.get("tags")))
