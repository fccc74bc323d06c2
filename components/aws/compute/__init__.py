"""Hosts that run containers: launch template, rights, files, the Auto Scaling group, and the gates of an update."""
