"""How a training process is talked to: what it is asked, and what it tells."""

from __future__ import annotations

from typing import Protocol


class Control(Protocol):
    """The other end of a training process."""

    def stop_requested(self) -> bool:
        """Return whether somebody asked the run to stop; called after each batch, so it must be cheap."""

    def message(self, text: str) -> None:
        """Take note of what is being done, in one sentence."""
