"""The parts on a Docker host: development on one's own machine, production on one host."""
