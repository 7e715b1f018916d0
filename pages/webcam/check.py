"""What keeps the camera from this page, in words, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_component = st.components.v2.component(
    "webcam_check", js=(Path(__file__).parent / "check.js").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Problem:
    """What is wrong and what to do, each a sentence or two; `icon` is Streamlit's name of one."""

    what: str
    advice: str
    icon: str = ":material/videocam_off:"


NOT_SECURE = Problem(
    "This page was opened without HTTPS, and browsers give such pages no camera.",
    "Open it by an address that begins with https://, or on the computer that runs the app, as localhost. "
    "The README says how to serve it to others.",
    ":material/no_encryption:",
)
UNSUPPORTED = Problem(
    "This browser offers pages no live video.",
    "Use a current Chrome, Edge, Firefox or Safari, and not the browser built into another app.",
)
DENIED = Problem(
    "The camera is blocked for this page.",
    "Click the icon left of the address, allow the camera, and press Start again. Where it is allowed there, "
    "the system's privacy settings block it for the browser.",
)
NO_CAMERA = Problem(
    "This device has no camera that the browser can see.",
    "Plug one in, or open the page on a phone or laptop that has one.",
)
IN_USE = Problem(
    "The camera does not start: most often another program is using it.",
    "Close video calls and other pages that show the camera, and press Start again.",
)
OTHER_CAMERA = Problem(
    "The camera chosen earlier is gone, or cannot give this picture size.",
    "Press Choose camera and choose another, or another size in the settings.",
)
NO_CONNECTION = Problem(
    "The camera works, but the browser and the app find no way to each other: a firewall or a network in "
    "between lets no video through.",
    "Use the same network as the computer that runs the app, or ask whoever serves it to set up a TURN "
    "server; the README says how.",
    ":material/lan:",
)

_BY_ERROR = {
    "NotAllowedError": DENIED,
    "PermissionDeniedError": DENIED,
    "SecurityError": DENIED,
    "NotFoundError": NO_CAMERA,
    "DevicesNotFoundError": NO_CAMERA,
    "NotReadableError": IN_USE,
    "TrackStartError": IN_USE,
    "AbortError": IN_USE,
    "OverconstrainedError": OTHER_CAMERA,
}


def browser_report() -> dict[str, Any]:
    """Return what the browser says of camera and permission; empty until it has said something."""
    result = _component(key="webcam_check", on_report_change=lambda: None)
    return dict(result.report or {})


def find_problem(report: Mapping[str, Any], no_connection: bool = False) -> Problem | None:
    """Return what keeps the camera from the page, or None as far as is known.

    Args:
        report: of the browser: secure, media, webrtc (bool), permission ("granted", "denied", "prompt",
            "unknown"), cameras (how many, -1 where unknown), error (the name of the last one, or "").
        no_connection: the camera was given, but no video came through.
    """
    if not report.get("secure", True):
        return NOT_SECURE
    if not (report.get("media", True) and report.get("webrtc", True)):
        return UNSUPPORTED
    if report.get("cameras", -1) == 0:
        return NO_CAMERA
    if report.get("permission") == "denied":
        return DENIED
    by_error = _BY_ERROR.get(report.get("error", ""))
    if by_error is not None:
        return by_error
    return NO_CONNECTION if no_connection else None


def show_problem(problem: Problem) -> None:
    """Draw what is wrong and what to do."""
    st.warning(f"**{problem.what}**\n\n{problem.advice}", icon=problem.icon)
