"""ELAN's annotation format, `.eaf` (version 3.0): a tier a person with the episodes, tiers of markers."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from emotion.recordings.session import Session

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_TYPE = "default-lt"
# What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Span = tuple[int, int, str]


def eaf_bytes(session: Session) -> bytes:
    """Return a recording as an ELAN document; it names the film, which ELAN asks for if it lies elsewhere."""
    recording = session.recording
    document = Xml.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": recording.software,
            "DATE": recording.created or datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = Xml.SubElement(document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    film = quote(recording.source.name)
    Xml.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        {"MEDIA_URL": f"file:///{film}", "MIME_TYPE": "video/*", "RELATIVE_MEDIA_URL": f"./{film}"},
    )
    order = Xml.SubElement(document, "TIME_ORDER")
    for number, (name, spans) in enumerate(_tiers(session)):
        _add_tier(document, order, name, spans, f"{number}_")
    Xml.SubElement(
        document,
        "LINGUISTIC_TYPE",
        {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": _TYPE, "TIME_ALIGNABLE": "true"},
    )
    Xml.indent(document)
    return Xml.tostring(document, encoding="utf-8", xml_declaration=True) + b"\n"


def _tiers(session: Session) -> Iterable[tuple[str, list[_Span]]]:
    for person in session.people:
        spans = [
            _span(episode.start, episode.start + episode.seconds, episode.verdict)
            for episode in session.episodes
            if episode.face == person.face
        ]
        yield f"face {person.face}", _apart(spans)[0]
    markers = [_span(marker.start, marker.end, marker.label) for marker in session.markers]
    for number, spans in enumerate(_apart(markers) if markers else (), start=1):
        yield "markers" if number == 1 else f"markers {number}", spans


def _span(start: float, end: float, text: str) -> _Span:
    first = max(0, round(1000 * start))
    return first, max(first + 1, round(1000 * end)), _NO_XML.sub("", text)


def _apart(spans: list[_Span]) -> list[list[_Span]]:
    """Return the spans on as few tiers as hold them without one beginning before another's end."""
    tiers: list[list[_Span]] = [[]]
    for span in sorted(spans):
        tier = next((tier for tier in tiers if not tier or tier[-1][1] <= span[0]), None)
        if tier is None:
            tiers.append(tier := [])
        tier.append(span)
    return tiers


def _add_tier(document: Xml.Element, order: Xml.Element, name: str, spans: list[_Span], prefix: str) -> None:
    tier = Xml.SubElement(document, "TIER", {"LINGUISTIC_TYPE_REF": _TYPE, "TIER_ID": name})
    for number, (start, end, text) in enumerate(spans):
        slots = [f"ts{prefix}{number}{part}" for part in ("a", "b")]
        for slot, moment in zip(slots, (start, end), strict=True):
            Xml.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(moment)})
        annotation = Xml.SubElement(Xml.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION")
        annotation.attrib |= {
            "ANNOTATION_ID": f"a{prefix}{number}",
            "TIME_SLOT_REF1": slots[0],
            "TIME_SLOT_REF2": slots[1],
        }
        Xml.SubElement(annotation, "ANNOTATION_VALUE").text = text
