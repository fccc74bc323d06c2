"""Components on a Docker host, for development on a workstation and for production on one host."""
