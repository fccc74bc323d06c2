"""The parts on AWS: a network of three tiers, RDS, hosts that run containers, and a load balancer or a single host."""
