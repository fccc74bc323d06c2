"""The VPC: subnets, ways out, endpoints, flow log."""
