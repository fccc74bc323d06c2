"""How the picture of a stack groups its resources and leaves out implied arrows."""

from __future__ import annotations

from typing import Any

from cli.pictures import graph

STACK, DEPLOYMENT = "urn:stack", "urn::kotauth"


def component(kind: str, name: str, parent: str = DEPLOYMENT, **needs: Any) -> dict[str, Any]:
    return {"urn": f"urn::{name}", "type": f"kotauth:index:{kind}", "custom": False, "parent": parent, **needs}


def resource(name: str, type_: str, parent: str, **needs: Any) -> dict[str, Any]:
    return {"urn": f"urn:{name}", "type": type_, "custom": True, "parent": f"urn::{parent}", **needs}


def test_a_picture() -> None:
    resources = [
        {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
        {"urn": "urn:provider", "type": "pulumi:providers:aws", "custom": True, "parent": STACK},
        component("AwsDeployment", "kotauth", STACK),
        component("AwsNetwork", "net"),
        component("AwsDatabase", "db"),
        component("AwsServerGroup", "kotauth-server", dependencies=["urn::role"]),
        component("AwsDatabaseRole", "role"),
        resource("function", "aws:lambda/function:Function", "role"),
        component("AwsRollGate", "gate", "urn::kotauth-server"),
        resource("key", "aws:kms/key:Key", "kotauth"),
        resource("vpc", "aws:ec2/vpc:Vpc", "net"),
        resource("subnet", "aws:ec2/subnet:Subnet", "net", dependencies=["urn:vpc"]),
        resource("instance", "aws:rds/instance:Instance", "db", propertyDependencies={"subnets": ["urn:subnet"]}),
        # Needs the network by itself and by way of the database, so that one arrow is enough.
        resource("group", "aws:autoscaling/group:Group", "kotauth-server", dependencies=["urn:instance", "urn:subnet"]),
        resource("password", "random:index/randomPassword:RandomPassword", "gate", dependencies=["urn:key"]),
        # Needs a component as a whole.
        resource("other", "random:index/randomPassword:RandomPassword", "gate", dependencies=["urn::cert"]),
        component("AwsCertificate", "cert"),
        resource("certificate", "aws:acm/certificate:Certificate", "cert"),
    ]
    assert graph.section("prod", resources) == "\n".join(
        [
            "## Stack `prod`",
            "",
            "```mermaid",
            "flowchart LR",
            '  AwsCertificate_cert["AwsCertificate<br>cert<br>1 resource"]',
            '  AwsDatabase_db["AwsDatabase<br>db<br>1 resource"]',
            '  AwsDatabaseRole_role["AwsDatabaseRole<br>role<br>1 resource"]',
            '  AwsDeployment_kotauth["AwsDeployment<br>kotauth<br>1 resource"]',
            '  AwsNetwork_net["AwsNetwork<br>net<br>2 resources"]',
            '  AwsServerGroup_kotauth_server["AwsServerGroup<br>kotauth-server<br>3 resources"]',
            "  AwsDatabase_db --> AwsNetwork_net",
            "  AwsServerGroup_kotauth_server --> AwsCertificate_cert",
            "  AwsServerGroup_kotauth_server --> AwsDatabase_db",
            "  AwsServerGroup_kotauth_server --> AwsDatabaseRole_role",
            "  AwsServerGroup_kotauth_server --> AwsDeployment_kotauth",
            "```",
            "",
            "| Component | Service | Resources |",
            "|---|---|---|",
            "| AwsCertificate cert | acm | Certificate |",
            "| AwsDatabase db | rds | Instance |",
            "| AwsDatabaseRole role | lambda | Function |",
            "| AwsDeployment kotauth | kms | Key |",
            "| AwsNetwork net | ec2 | Subnet, Vpc |",
            "| AwsServerGroup kotauth-server | autoscaling | Group |",
            "| AwsServerGroup kotauth-server | random | RandomPassword (2) |",
            "",
        ]
    )


def test_two_components_that_need_each_other_keep_both_arrows() -> None:
    resources = [
        component("AwsDeployment", "kotauth", STACK),
        component("AwsNetwork", "net"),
        component("AwsDatabase", "db"),
        resource("vpc", "aws:ec2/vpc:Vpc", "net", dependencies=["urn:instance"]),
        resource("instance", "aws:rds/instance:Instance", "db"),
        resource("replica", "aws:rds/instance:Instance", "db", dependencies=["urn:vpc"]),
    ]
    drawn = graph.flowchart(graph.groups(resources))
    assert "AwsNetwork_net --> AwsDatabase_db" in drawn
    assert "AwsDatabase_db --> AwsNetwork_net" in drawn
