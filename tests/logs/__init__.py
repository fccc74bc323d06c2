"""The log routes of a Docker host, with real collectors and an endpoint that records what it is sent."""
