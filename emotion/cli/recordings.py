"""`python -m emotion recordings`: list, show, mark, export and delete recordings."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from emotion.cli.console import say, say_error
from emotion.cli.video import clock_seconds
from emotion.files import replacing
from emotion.labels import in_percent

if TYPE_CHECKING:  # tables take half a second to load, which no other command need wait for
    from emotion.recordings.markers import Marker
    from emotion.recordings.recording import Recording
    from emotion.recordings.statistics import FaceSummary

# As `emotion.recordings.exporting` has them, which a test holds.
FORMATS = ("csv", "parquet", "json", "elan", "boris", "bids", "report")
TABLES = ("frames", "episodes", "markers")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `recordings` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the recordings, newest first")
    listing.set_defaults(run=_list)
    named = {}
    for name, action, meaning in (
        ("show", _show, "tell what a recording is, and who showed what for how long"),
        ("mark", _mark, "give a stretch of a recording, or a moment, a name"),
        ("export", _export, "hand a recording out in the form of another program, or as a report"),
        ("delete", _delete, "remove a recording from the disk"),
    ):
        named[name] = commands.add_parser(name, help=meaning)
        named[name].add_argument("name", metavar="NAME")
        named[name].set_defaults(run=action)
    for name in ("show", "export"):
        named[name].add_argument(
            "--rest",
            type=_span,
            metavar="FROM-TO",
            help="take answers relative to how each face looked then, as 0:05-0:20 (default: as they are)",
        )
    named["mark"].add_argument("label", metavar="LABEL")
    named["mark"].add_argument("--from", dest="start", type=clock_seconds, required=True, metavar="TIME")
    named["mark"].add_argument("--to", dest="end", type=clock_seconds, metavar="TIME")
    named["mark"].add_argument("--note", default="", metavar="TEXT")
    named["export"].add_argument("--format", choices=FORMATS, default="csv")
    named["export"].add_argument(
        "--table", choices=TABLES, default="frames", help="of CSV and Parquet: what a row is"
    )
    named["export"].add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _list(arguments: argparse.Namespace) -> int:
    from emotion.recordings.store import list_recordings

    found = list_recordings()
    if not found and not arguments.json:
        say("There is no recording yet; make one with: python -m emotion video FILE")
    for recording in found:
        print(json.dumps(recording.to_dict()) if arguments.json else _line(recording))
    return 0


def _line(recording: "Recording") -> str:
    people = f"{recording.people} {'person' if recording.people == 1 else 'people'}"
    return (
        f"{recording.name:32} {recording.state:12} {recording.frames:>7,} frames  {people:10}  "
        f"{recording.source.name}"
    )


def _show(arguments: argparse.Namespace) -> int:
    from emotion.recordings.session import load

    session = load(arguments.name, arguments.rest)
    if arguments.json:
        print(json.dumps(session.to_dict()))
        return 0
    recording = session.recording
    rows = {
        "recording": f"{recording.name}, {recording.state}",
        "source": recording.source.name,
        "frames": f"{recording.frames:,} ({recording.sampling}), up to second {recording.seconds:.1f}",
        "model": f"{recording.model.name} {recording.model.version}",
        "begun": recording.start and f"{recording.start} (by {recording.start_from})",
        "consent": recording.consent,
        "problems": " ".join(recording.problems),
    }
    for name, text in rows.items():
        if text:
            print(f"{name:10} {text}")
    for person in session.people:
        print(_person_line(person))
    return 0


def _person_line(person: "FaceSummary") -> str:
    ranked = sorted(person.shares.items(), key=lambda item: -item[1])
    shares = ", ".join(f"{name} {in_percent(share, 0)}" for name, share in ranked[:3] if share)
    return (
        f"face {person.face:<5} {person.seconds:.1f} s in sight: {shares}; {person.changes} changes, "
        f"valence {person.valence or 0:+.2f}, {in_percent(person.reliable, 0)} reliable"
    )


def _mark(arguments: argparse.Namespace) -> int:
    from emotion.recordings.markers import Marker, read_markers, write_markers
    from emotion.recordings.store import recording_folder

    end = arguments.start if arguments.end is None else arguments.end
    try:
        marker = Marker(arguments.start, end, arguments.label, arguments.note)
    except ValueError as error:
        say_error(f"That is no marker: {error}.")
        return 2
    folder = recording_folder(arguments.name)
    markers = [*read_markers(folder), marker]
    write_markers(folder, markers)
    if arguments.json:
        print(json.dumps({"name": arguments.name, "markers": len(markers)}))
    else:
        say(f"{arguments.name} has {len(markers)} marker{'s' * (len(markers) != 1)} now.")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from emotion.recordings.exporting.formats import export_bytes
    from emotion.recordings.session import load

    content = export_bytes(load(arguments.name, arguments.rest), arguments.format, arguments.table)
    with replacing(arguments.output) as partial:
        partial.write_bytes(content)
    if arguments.json:
        print(json.dumps({"name": arguments.name, "file": str(arguments.output)}))
    else:
        say(f"Written: {arguments.output}")
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    from emotion.recordings.store import delete

    delete(arguments.name)
    if arguments.json:
        print(json.dumps({"name": arguments.name, "deleted": True}))
    else:
        say(f"Deleted {arguments.name}.")
    return 0


def _span(text: str) -> "Marker":
    from emotion.recordings.markers import Marker

    start, dash, end = text.partition("-")
    try:
        if not dash or clock_seconds(start) >= clock_seconds(end):
            raise argparse.ArgumentTypeError("")
        return Marker(clock_seconds(start), clock_seconds(end), "rest")
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} must be as 0:05-0:20") from error
