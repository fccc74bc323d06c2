"""Start the language host."""

import os
import signal

# The imports below take a tenth of a second, in which an interrupt from the engine would end in a traceback.
signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(0))

from .server import serve  # noqa: E402

serve()
