"""A stand-in for the identity server Kotauth, for machines that can't pull the real image.

It keeps the contract that a deployment sees (environment, order of the start, database, health, login, audit log, REST
API, forwarded headers, logs, shutdown) and nothing else: there is no console, no token endpoint, no mail. It is called
a stand-in wherever it shows, and it is no identity server: its cryptography is only as real as the contract needs.
"""
