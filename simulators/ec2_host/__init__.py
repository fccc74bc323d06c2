"""An EC2 host and its surroundings, simulated with containers: see `lab.Lab`."""
