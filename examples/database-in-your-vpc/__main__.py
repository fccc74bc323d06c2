"""A database for a Kotauth server that runs elsewhere, such as on ECS, in a network that exists already.

The server needs a rule in the database's security group. It logs in as the output `user`, with the password in the
secret `passwordSecretArn`.
"""

import pulumi
import pulumi_random as random
from pulumi_kotauth import AwsDatabase, AwsDatabaseRole, AwsSecret

config = pulumi.Config()
vpc_id = config.require("vpcId")
version = config.require_int("passwordVersion")

database = AwsDatabase(
    "identity",
    {"vpc_id": vpc_id, "subnet_ids": config.require_object("isolatedSubnetIds"), "version": 17},
)
password = random.RandomPassword("identity-password", length=40, special=False, keepers={"version": str(version)})
secret = AwsSecret(
    "identity-password",
    {
        "value": password.result,
        "description": "Password of Kotauth's database login",
        # Servers that run with the previous version read it under its own label.
        "version": version,
    },
)
role = AwsDatabaseRole(
    "identity-role",
    {
        "vpc_id": vpc_id,
        "subnet_ids": config.require_object("privateSubnetIds"),
        "database_host": database.host,
        "database_security_group_id": database.security_group_id,
        "administrator_secret_arn": database.administrator_secret_arn,
        "administrator_key_arn": database.kms_key_arn,
        "password_secret_arn": secret.arn,
        "password_key_arn": secret.kms_key_arn,
        "password_version": version,
        "password_label": secret.version_label,
    },
    pulumi.ResourceOptions(depends_on=[secret]),
)

pulumi.export("host", database.host)
pulumi.export("databaseSecurityGroupId", database.security_group_id)
pulumi.export("user", role.user)
pulumi.export("passwordSecretArn", secret.arn)
pulumi.export("passwordSecretVersion", secret.version_label)
