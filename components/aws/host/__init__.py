"""How ContainerSpecs become a host on EC2: units, files, scripts. Nothing here makes a resource."""
