"""Reads what proxies are told: configuration files of nginx, Traefik and Caddy, and labels for Traefik."""
