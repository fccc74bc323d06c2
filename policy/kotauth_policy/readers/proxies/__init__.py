"""Reads the configuration of proxies: files of nginx, Traefik and Caddy, and labels for Traefik."""
