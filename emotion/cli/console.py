"""What a command says while it works: to a person at a terminal or, with `--job`, to the app that started it.

A person gets messages and a progress bar on standard error. The app gets lines of JSON on standard output,
as `jobs.progress` has them, and the command ends with the app.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emotion.jobs.progress import OnProgress, Reporter, end_with_parent

_reporter: Reporter | None = None


def write_any_name() -> None:
    """Let what the encoding of the output lacks be written escaped: a file's name must not end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def become_job() -> None:
    """From now on, talk to the app at the other end of standard input and output."""
    global _reporter
    _reporter = Reporter()
    end_with_parent()


def is_job() -> bool:
    """Return whether the app has started this command, and not a person."""
    return _reporter is not None


def say(message: str) -> None:
    """Say what is being done, or what came of it, apart from what is printed for programs."""
    _say("message", message)


def say_error(sentence: str) -> None:
    """Say in a sentence why nothing came of it."""
    _say("error", sentence)


def _say(kind: str, text: str) -> None:
    if _reporter is None:
        print(text, file=sys.stderr)
    else:
        _reporter.tell(**{kind: text})


def use_no_gpu() -> None:
    """Keep Keras, which is imported afterwards, off the GPU.

    Converting is quick, and a training run may need all of the GPU's memory.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = ""


def hand_over(result: dict[str, Any]) -> None:
    """Give the app what came of the work and is not on disk; people are told by `say` and `print`."""
    if _reporter is not None:
        _reporter.tell(result=result)


@contextmanager
def progress_bar(title: str = "") -> Iterator[OnProgress]:
    """Yield what is told how much is done, and of how much (0: nobody knows); draws a bar with the time left.

    Args:
        title: stands before the bar.
    """
    if _reporter is not None:
        yield _reporter.progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield show
