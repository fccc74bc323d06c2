"""`python -m cli COMMAND --stack NAME`: what the Makefile calls."""

import sys

from .workflow import main

sys.exit(main())
