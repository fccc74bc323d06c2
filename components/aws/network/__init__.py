"""The VPC: subnets, routes to the internet, endpoints, flow log."""
