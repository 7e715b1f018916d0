"""The root of all errors that a person may read; imports nothing, so that anyone can catch it."""


class ReadableError(Exception):
    """Something a person can do something about; the message is one sentence that tells them.

    Whatever a room raises for a person derives from it, and front doors (command line, pages, jobs) catch
    this one alone: a new kind of error needs no list to be put on.
    """


class FileError(ReadableError):
    """The disk refused to keep or to give a file."""


class TrainingError(ReadableError):
    """A training run failed."""
