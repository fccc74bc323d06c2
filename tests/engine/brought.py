"""A network and a certificate that exist before the stack."""

from __future__ import annotations

from tests.engine.aws_stack import REGION, AwsStack


class Brought:
    """Subnets of three kinds in two zones, with the ways out that ours would have."""

    def __init__(self, stack: AwsStack) -> None:
        ec2 = stack.aws.boto3("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnets: dict[str, list[str]] = {
            kind: [
                ec2.create_subnet(
                    VpcId=self.vpc, CidrBlock=f"10.20.{10 * row + zone}.0/24", AvailabilityZone=f"{REGION}{'ab'[zone]}"
                )["Subnet"]["SubnetId"]
                for zone in (0, 1)
            ]
            for row, kind in enumerate(("public", "private", "isolated"))
        }
        internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(VpcId=self.vpc, InternetGatewayId=internet)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=self.subnets["public"][0], AllocationId=address)["NatGateway"]
        for kind, way in (("public", {"GatewayId": internet}), ("private", {"NatGatewayId": nat["NatGatewayId"]})):
            table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **way)
            for subnet in self.subnets[kind]:
                ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        asked = stack.aws.boto3("acm").request_certificate(DomainName="auth.example.org", ValidationMethod="DNS")
        self.certificate = asked["CertificateArn"]

    @property
    def network(self) -> dict[str, str]:
        """The settings that bring the network."""
        lists = {f"{kind}SubnetIds": ",".join(subnets) for kind, subnets in self.subnets.items()}
        return {"availabilityZones": "", "vpcId": self.vpc, **lists}
