"""How traffic reaches the server: load balancer, certificate, DNS, web firewall, and the hosts of each topology."""
