"""The proxies that end TLS before the server. Each is a pure function from settings to a ContainerSpec."""
