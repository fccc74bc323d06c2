"""The parts on AWS: a network of three tiers, RDS, hosts that run containers, a load balancer or an edge host."""
