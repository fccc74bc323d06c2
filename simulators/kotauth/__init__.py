"""A simulator of the identity server Kotauth, and what tests talk to it with.

- `server` is the simulated server. It is copied into the image `localhost/kotauth-simulator` (`images/recipes.py`), and
  runs there as the package `kotauth_simulator`. The image is built anew after each change of the folder.
- `client.py` is a browser or a back end in front of a running stack, with the real server or the simulated one.
- `lab.py` starts servers beside a database of their own, for the tests in `tests`.

Where a change of the server goes: a path in `server/application.py` and a module of `server/endpoints`; a variable in
`server/process/settings.py`; a check at its start in `server/start.py`; a migration in `server/database/migrations`.
"""
