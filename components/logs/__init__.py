"""Routes the log lines of a stack to another system: who reads, who ships, and who watches both."""
