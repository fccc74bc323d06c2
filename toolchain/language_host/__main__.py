"""Start the language host."""

import importlib.util
import os
import signal
import sys

# The imports below take a tenth of a second, in which an interrupt from the engine would end in a traceback.
signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(0))

# The engine starts a host twice for each preview and update. The protocol needs nothing of the SDK around it, whose
# import takes longer than all the rest: the two packages are there, but their code is not run.
for name in ("pulumi", "pulumi.runtime"):
    if spec := importlib.util.find_spec(name):
        sys.modules[name] = importlib.util.module_from_spec(spec)

from .server import serve  # noqa: E402

serve()
