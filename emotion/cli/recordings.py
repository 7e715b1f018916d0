"""`python -m emotion recordings`: list, show, export, mark and delete recordings."""

import argparse
import json

from emotion.cli.console import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `recordings` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the recordings, newest first")
    listing.set_defaults(run=_list)
    for name, action, meaning in (
        ("show", _show, "tell what a recording is, and who showed what for how long"),
        ("delete", _delete, "remove a recording from the disk"),
    ):
        command = commands.add_parser(name, help=meaning)
        command.add_argument("name", metavar="NAME")
        command.set_defaults(run=action)
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _list(arguments: argparse.Namespace) -> int:
    from emotion.recordings.store import list_recordings

    found = list_recordings()
    if not found and not arguments.json:
        say("There is no recording yet; make one with: python -m emotion video FILE")
    for recording in found:
        if arguments.json:
            print(json.dumps(recording.to_dict()))
        else:
            print(
                f"{recording.name:32} {recording.state:12} {recording.frames:>7} frames "
                f"{recording.people:>3} people  {recording.source.name}"
            )
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from emotion.recordings.store import open_recording

    recording = open_recording(arguments.name)
    print(json.dumps(recording.to_dict()))
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    from emotion.recordings.store import delete

    delete(arguments.name)
    if arguments.json:
        print(json.dumps({"name": arguments.name, "deleted": True}))
    else:
        say(f"Deleted {arguments.name}.")
    return 0
