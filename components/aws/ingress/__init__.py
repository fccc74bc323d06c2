"""How traffic reaches the server: load balancer, certificate, DNS, web firewall; `topology.py` makes the hosts, too."""
