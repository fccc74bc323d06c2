"""A simulator for the identity server Kotauth, for machines that can't pull the real image.

It keeps the contract that a deployment sees (environment, order of the start, database, threads, health, login, audit
log, REST API, forwarded headers, logs, shutdown) and nothing else: there is no console, no grant of a token, no mail.
It follows the sources of 1.22, and what was measured on 1.5.2 where those say nothing; faults of 1.5.2 are not kept.

It is called a simulator wherever it shows, and it is no identity server: its cryptography is only as real as the
contract needs. Variables of its own begin with SIMULATOR_.
"""
