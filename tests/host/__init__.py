"""Our own hosts, booted in the simulator of simulators/ec2_host."""
