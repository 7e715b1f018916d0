"""From a film to a recording."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from emotion import paths
from emotion.files import disk_errors
from emotion.jobs.progress import OnProgress
from emotion.live.detection import LOOK_SIDE, SEARCH_SIDE, LiveDetector
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, model_folder
from emotion.recordings import store
from emotion.recordings.recording import Model, Recording, RecordingState, Source
from emotion.recordings.writer import RecordingWriter
from emotion.video.decoding import ANALYSIS_SIDE, FilmFrame, FilmReader, promised_seconds
from emotion.video.film import Film, FilmError
from emotion.video.following import FaceFollower, FollowedFrame
from emotion.video.sampling import Sampling

SOFTWARE = "emotion-dashboard 0.1.0"
_HASH_BYTES = 1 << 20
NO_FRAME = "This film has no picture that can be read."
NO_FRAME_IN_PART = "This film has no picture in the part that was asked for."


@dataclass(frozen=True)
class RecordingOptions:
    """What is made of a film.

    Attributes:
        sampling: which frames are looked at.
        name: of the recording; made of the file's where left out.
        model: what names the expressions; the active one where left out.
        smoothing: 0 (every answer as the model gives it) to 1.
        consent: where the consent of those who are seen is kept.
    """

    sampling: Sampling = field(default_factory=lambda: Sampling(fps=5.0))
    name: str | None = None
    model: str | None = None
    smoothing: float = 0.0
    consent: str = ""


@dataclass(frozen=True)
class Pace:
    """How a film is getting on.

    Attributes:
        frames: how many were looked at.
        seconds: how long that took.
        film_seconds: how much of the film that was.
    """

    frames: int
    seconds: float
    film_seconds: float

    @property
    def in_words(self) -> str:
        """Frames a second, and how fast that is against the film itself."""
        if self.seconds <= 0:
            return ""
        times = self.film_seconds / self.seconds
        return f"{self.frames / self.seconds:.1f} frames a second, {times:.1f} times as fast as the film"


def record_film(
    path: Path,
    options: RecordingOptions,
    on_progress: OnProgress | None = None,
    on_pace: Callable[[Pace], None] | None = None,
) -> Recording:
    """Make a recording of a film.

    What cannot be read of the film is told in the recording's `problems`; the rest is kept. Where the work is
    interrupted (KeyboardInterrupt), what has come by then is kept as well, and the interruption goes on.

    Args:
        path: of the film.
        options: what is made of it.
        on_progress: told how many frames were looked at, and of about how many.
        on_pace: told how fast it goes, about once a second.

    Raises:
        FilmError: the film cannot be read at all; nothing is left behind.
        RecordingError: the name is taken, or is none.
        ModelError: there is no usable model.
        FileError: the disk refuses.
    """
    if options.name is not None:
        store.check_new_name(options.name)
    with Film(path) as film:
        classifier = Classifier(model_folder(options.model or active_model()))
        follower = FaceFollower(classifier, LiveDetector(), options.smoothing)
        work = _Work(film, path, options, classifier, follower, on_progress, on_pace)
        return work.run()


@dataclass
class _Work:
    """The recording of one film under way."""

    film: Film
    path: Path
    options: RecordingOptions
    classifier: Classifier
    follower: FaceFollower
    on_progress: OnProgress | None
    on_pace: Callable[[Pace], None] | None
    writer: RecordingWriter | None = None
    first: FilmFrame | None = None

    def run(self) -> Recording:
        reader = FilmReader(self.film, self.options.sampling)
        started = told = time.monotonic()
        done, total = 0, self._estimate()
        try:
            for frame in reader:
                if self.first is None:
                    self.first = frame
                for followed in self.follower.add(frame):
                    self._write(followed)
                done += 1
                if self.on_progress is not None:
                    self.on_progress(done, total if done <= total else 0)
                now = time.monotonic()
                if self.on_pace is not None and now - told >= 1:
                    told = now
                    self.on_pace(Pace(done, now - started, frame.seconds - self.first.seconds))
            for followed in self.follower.close():
                self._write(followed)
        except BaseException as error:
            self._give_up(error)
            raise
        if self.writer is None:
            asked = self.options.sampling
            raise FilmError(NO_FRAME_IN_PART if asked.start or asked.end else NO_FRAME)
        return self.writer.finish(problems=reader.damage.sentences(promised_seconds(self.film)))

    def _write(self, followed: FollowedFrame) -> None:
        if self.writer is None:
            recording = self._describe()
            self.writer = RecordingWriter(paths.recordings_folder() / recording.name, recording)
        self.writer.add(followed.number, followed.seconds, followed.faces)

    def _give_up(self, error: BaseException) -> None:
        """Keep what has come by now, but where our own program is at fault."""
        if self.writer is None:
            return
        if isinstance(error, KeyboardInterrupt):
            for followed in self.follower.close():
                self.writer.add(followed.number, followed.seconds, followed.faces)
            self.writer.finish(RecordingState.INTERRUPTED)
        elif isinstance(error, FilmError):
            # Such as a frame that is too large in the midst of the film: what came before it is good.
            self.writer.finish(RecordingState.INTERRUPTED, [str(error)])
        else:
            self.writer.discard()

    def _describe(self) -> Recording:
        facts, options, sampling = self.film.facts, self.options, self.options.sampling
        width, height = (0, 0) if self.first is None else self.first.size
        size = self.path.stat().st_size
        return Recording(
            name=options.name or store.free_name(self.path.stem),
            source=Source(
                "film",
                self.path.name,
                size,
                file_hash(self.path),
                facts.container,
                facts.codec,
                width,
                height,
            ),
            model=describe_model(self.classifier),
            detector=DETECTOR,
            software=SOFTWARE,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            start=facts.created.isoformat() if facts.created else "",
            start_from="the film's metadata" if facts.created else "",
            sampling=sampling.in_words,
            first_second=sampling.start,
            last_second=sampling.end,
            smoothing=options.smoothing,
            consent=options.consent,
        )

    def _estimate(self) -> int:
        """Return about how many frames will be looked at; 0 where nobody knows."""
        sampling, facts = self.options.sampling, self.film.facts
        ends = [end for end in (sampling.end, promised_seconds(self.film) or facts.seconds) if end]
        rate = sampling.fps or (facts.frame_rate or 0) / sampling.every
        if facts.frame_rate:
            rate = min(rate, facts.frame_rate)
        return max(0, round((min(ends) - sampling.start) * rate)) if ends else 0


# What the faces are found by, as `recording.json` has it.
DETECTOR = {
    "name": "YuNet",
    "search_side": SEARCH_SIDE,
    "look_side": LOOK_SIDE,
    "largest_picture": ANALYSIS_SIDE,
}


def describe_model(classifier: Classifier) -> Model:
    """Return what a recording says of the model that was used."""
    card = classifier.card
    test = card.metrics("test")
    return Model(
        name=card.name,
        version=classifier.version,
        accuracy=test.get("accuracy"),
        calibration_error=test.get("ece"),
        temperature=card.content.get("temperature"),
        dataset=str((card.content.get("dataset") or {}).get("name") or ""),
        judged_by=card.judged_by,
    )


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits.

    Raises:
        FileError: the disk refuses.
    """
    digest = hashlib.sha256()
    with disk_errors(f"{path} could not be read"), path.open("rb") as file:
        while block := file.read(_HASH_BYTES):
            digest.update(block)
    return digest.hexdigest()


def kept_of(recording: Recording) -> str:
    """Return in a sentence what came of a film."""
    people = f"{recording.people} {'person' if recording.people == 1 else 'people'}"
    return (
        f"{recording.name}: {recording.frames} frames looked at, {people} seen, "
        f"up to second {recording.seconds:.1f} of the film."
    )
