"""Kotauth in one environment. The configuration of the stack says how it differs from the others."""

import pulumi
from pulumi_kotauth import DockerDeployment

config = pulumi.Config()
kotauth = DockerDeployment(
    "kotauth",
    {
        "base_url": config.require("baseUrl"),
        "acme_email": "operations@example.org",
        "database_version": 17,
        "memory": config.require_int("memory"),
        "cpus": config.require_int("cpus"),
        "labels": {"environment": pulumi.get_stack()},
    },
)

pulumi.export("url", kotauth.url)
pulumi.export("readyUrl", kotauth.ready_url)
pulumi.export("adminPassword", kotauth.admin_password)
