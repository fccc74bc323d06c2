"""AWS actions by effect, each once and in lower case, as in AWS's service authorization reference.

A policy may write an action in any case and with wildcards anywhere; `is_one_of` compares both ways from the one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

ESCALATIONS = (
    # Rights that their owner writes: rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation.
    *("iam:createpolicyversion", "iam:setdefaultpolicyversion", "iam:updateassumerolepolicy", "iam:addusertogroup"),
    *(f"iam:{verb}{owner}policy" for verb in ("attach", "put") for owner in ("user", "group", "role")),
    *(f"iam:{verb}{owner}permissionsboundary" for verb in ("put", "delete") for owner in ("user", "role")),
    *("iam:createrole", "iam:createuser", "iam:passrole", "iam:addroletoinstanceprofile"),
    # The password, key or token of another principal.
    *("iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile"),
    *("iam:createservicespecificcredential", "iam:resetservicespecificcredential"),
    *("iam:uploadsigningcertificate", "iam:deactivatemfadevice", "sts:assumerole"),
    # An identity provider, which decides who a caller is.
    *("iam:createopenidconnectprovider", "iam:updateopenidconnectproviderthumbprint"),
    *("iam:addclientidtoopenidconnectprovider", "iam:createsamlprovider", "iam:updatesamlprovider"),
    *("sso:attachmanagedpolicytopermissionset", "sso:attachcustomermanagedpolicyreferencetopermissionset"),
    *("sso:putinlinepolicytopermissionset", "sso:createaccountassignment"),
    # Code that already runs with another role, so that no iam:PassRole is needed: pathfinding.cloud.
    *("lambda:updatefunctioncode", "lambda:updatefunctionconfiguration"),
    *("ssm:sendcommand", "ssm:startsession", "ssm:startautomationexecution", "ecs:executecommand"),
    *("ec2-instance-connect:sendsshpublickey", "ec2-instance-connect:sendserialconsolesshpublickey"),
    *("ec2:modifyinstanceattribute", "cloudformation:updatestack", "cloudformation:executechangeset"),
    *("cloudformation:updatestackset", "codebuild:startbuild", "codebuild:startbuildbatch", "codebuild:updateproject"),
    *("glue:updatedevendpoint", "glue:updatejob", "sagemaker:createpresignednotebookinstanceurl"),
    *("sagemaker:createpresigneddomainurl", "sagemaker:updatenotebookinstancelifecycleconfig"),
    *("apprunner:updateservice", "datapipeline:putpipelinedefinition"),
)
"""Each of these, allowed on any resource, leads to all rights or to those of another principal in a step or two."""

SECRETS = (
    *(f"secretsmanager:{action}secretvalue" for action in ("get", "batchget")),
    *(f"ssm:getparameter{ending}" for ending in ("", "s", "sbypath", "history")),
    *(f"s3:getobject{ending}" for ending in ("", "version", "torrent", "versiontorrent")),
    *("redshift:getclustercredentials", "redshift:getclustercredentialswithiam", "redshift-serverless:getcredentials"),
    *("acm:exportcertificate", "elasticmapreduce:getclustersessioncredentials"),
    *("lightsail:getinstanceaccessdetails", "lightsail:getrelationaldatabasemasteruserpassword"),
)
"""Actions that read a secret, although AWS counts most of them as mere reading."""

GRANT = "kms:creategrant"
DECRYPTIONS = (
    "kms:decrypt",
    "kms:reencryptfrom",
    "kms:reencryptto",
    "kms:derivesharedsecret",
    GRANT,
    "kms:putkeypolicy",
)
"""Actions that decrypt, or that give the caller the right to decrypt."""

_WITHOUT_RESOURCE = (
    *("ssm:updateinstanceinformation", "ssm:putinventory", "ssmmessages:*", "ec2messages:*"),
    *(f"ec2:{verb}networkinterface" for verb in ("create", "delete")),
    *(f"ec2:{verb}privateipaddresses" for verb in ("assign", "unassign")),
    *("xray:puttracesegments", "xray:puttelemetryrecords", "xray:putspans", "cloudwatch:putmetricdata"),
    *("ecr:getauthorizationtoken", "ecs:discoverpollendpoint", "ecs:deregistertaskdefinition"),
    *(f"logs:{verb}logdelivery" for verb in ("create", "update", "delete")),
    *("logs:putresourcepolicy", "logs:putquerydefinition", "kms:generaterandom", "kms:createkey"),
    *("sts:decodeauthorizationmessage", "acm:requestcertificate", "route53:createhostedzone"),
    *("textract:start*", "transcribe:start*job", "transcribe:start*transcription", "rekognition:start*detection"),
    *("polly:synthesizespeech", "translate:translatetext", "comprehend:detect*", "rekognition:detect*"),
    *("textract:analyze*", "textract:detect*", "bedrock:rerank", "sns:setsmsattributes"),
)
"""Actions for which AWS knows no resource, or none that exists before: the service authorization reference."""
_READS = re.compile(
    r"[a-z0-9-]+:(describe|list|get|batch(get|describe|check|detect)|view|lookup|filter|search|check(?!out|in)|simulate"
    r"|validate|estimate|query|scan|select|test|discover|evaluate|count|preview|partiqlselect|(start|stop)query$)"
    r"|bedrock:(invokemodel|retrieve)|es:eshttp(get|head)"
)
"""First words of actions that the service authorization reference calls reading or listing."""


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern with AWS's wildcards matches a name in any case; wildcards in the name are plain letters."""
    # Only `*` and `?` are wildcards of AWS.
    return fnmatchcase(name.lower(), pattern.lower().replace("[", "[[]"))


def is_one_of(action: str, names: Iterable[str]) -> bool:
    """Whether an action pattern matches one of these actions."""
    return any(matches(action, name) for name in names)


def is_every(action: str) -> bool:
    """Whether an action pattern matches all actions of a service, or of AWS."""
    return "*" in action and action.rpartition(":")[2].strip("*?") == ""


def is_harmless(action: str) -> bool:
    """Whether an action only reads metadata, or supports no resource; actions that read secrets are separate."""
    return _READS.match(action.lower()) is not None or any(matches(known, action) for known in _WITHOUT_RESOURCE)
