"""The one exception whose text is written for the person at the terminal."""


class EngineError(Exception):
    """Something that the user has to know or do; the command line prints it without a traceback."""
