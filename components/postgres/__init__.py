"""PostgreSQL as Kotauth needs it: the application's roles, their privileges, and the server as a ContainerSpec."""
