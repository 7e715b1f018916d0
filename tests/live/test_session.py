"""The session between video and page: times, history, summary, errors, pauses."""

import csv
import io
import json
import threading
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from emotion.figures import live as figures
from emotion.labels import EMOTIONS
from emotion.live.frames import LiveFace, LiveResult, LiveSettings, Timings
from emotion.live.history import AWAY_SECONDS, MAX_FACES, VERDICTS, LiveHistory
from emotion.live.ice import IceServersError, parse_ice_servers
from emotion.live.processor import LiveProcessor
from emotion.live.session import LiveSession
from emotion.live.summary import LiveReport
from tests.helpers import PATIENCE

FRAME = 1 / 30
PICTURE = np.full((48, 64, 3), 100, np.uint8)


def live_face(number: int = 1, verdict: str = "happy") -> LiveFace:
    answers = np.full(7, 0.02, np.float32)
    answers[EMOTIONS.index(verdict) if verdict in EMOTIONS else 0] = 0.88
    return LiveFace(number, (10, 10, 20, 24), answers, verdict)


class Scripted:
    """In the place of the processor: shows the given faces, raises the given errors."""

    def __init__(self, script) -> None:
        self.classifier = SimpleNamespace(card=SimpleNamespace(name="crowd"))
        self.settings = LiveSettings()
        self.seconds: list[float] = []
        self._script = iter(script)

    def process(self, frame, seconds):
        self.seconds.append(seconds)
        step = next(self._script)
        if isinstance(step, Exception):
            raise step
        return LiveResult(frame + 1, tuple(step), Timings(1.0, 2.0, 3.0))


def session_of(script, detector=None) -> LiveSession:
    session = LiveSession(SimpleNamespace(card=SimpleNamespace(name="crowd")), detector or object())
    session._processor = cast(LiveProcessor, Scripted(script))
    return session


def feed(session: LiveSession, count: int, start: float = 0.0, frame: float = FRAME) -> list[np.ndarray]:
    return [session.process(PICTURE, start + index * frame) for index in range(count)]


def test_stats():
    session = session_of([[live_face()]] * 20 + [[]] * 10)
    feed(session, 30, start=1000.0)
    stats = session.stats()
    assert (stats.frames, stats.frames_with_faces, stats.dropped, stats.failed) == (30, 20, 0, 0)
    assert stats.fps == pytest.approx(30)
    assert stats.seconds == pytest.approx(29 * FRAME)
    assert stats.timings == Timings(1.0, 2.0, 3.0)
    assert stats.timings.total == 6
    assert stats.size == (64, 48)
    assert stats.error is None
    assert 0 <= stats.idle_seconds < PATIENCE


def test_before_the_first_frame():
    stats = session_of([]).stats()
    assert (stats.frames, stats.fps, stats.size, stats.idle_seconds) == (0, 0, None, None)


def test_dropped_frames_are_counted():
    session = session_of([[]] * 2)
    session.process(PICTURE, 0.0, dropped=3)
    session.process(PICTURE, 0.2, dropped=1)
    assert session.stats().dropped == 4


@pytest.fixture
def _errors_are_kept(monkeypatch):
    monkeypatch.setattr("emotion.live.session.ERROR_SECONDS", PATIENCE)


@pytest.mark.usefixtures("_errors_are_kept")
def test_an_error_is_told_and_the_video_goes_on():
    session = session_of([[live_face()], RuntimeError("broken"), [live_face()]])
    shown = feed(session, 3)
    assert np.array_equal(shown[1], PICTURE)
    assert np.array_equal(shown[2], PICTURE + 1)
    stats = session.stats()
    assert (stats.frames, stats.failed) == (2, 1)
    assert stats.error == "RuntimeError: broken"


@pytest.mark.usefixtures("_errors_are_kept")
def test_a_frame_that_is_none_is_an_error_too(classifier):
    session = LiveSession(classifier)
    wrong = np.zeros((4, 4, 4), np.uint8)
    assert session.process(wrong, 0.0) is wrong
    assert "image must be uint8" in session.stats().error


def test_times_go_on_where_another_connection_starts_from_zero():
    session = session_of([[]] * 20)
    feed(session, 10, start=50.0)
    feed(session, 10, start=0.0)
    seconds = cast(Scripted, session._processor).seconds
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(19 * FRAME)


def test_a_pause_shows_the_last_picture_and_does_not_count():
    session = session_of([[live_face()]] * 20)
    feed(session, 10)
    last = session.picture()
    session.paused = True
    still = feed(session, 60, start=10 * FRAME, frame=1.0)[-1]
    assert still.shape == last.shape
    assert np.array_equal(still[40:], last[40:])
    assert session.stats().frames == 10
    session.paused = False
    feed(session, 10, start=10 * FRAME + 59 + FRAME)
    assert session.stats().seconds < 1
    assert session.report().everyone.total_seconds < 1


def test_a_pause_before_the_first_picture_is_black():
    session = session_of([])
    session.paused = True
    assert not session.process(PICTURE, 0.0)[40:].any()


def test_the_end_forgets_pictures_and_keeps_figures():
    session = session_of([[live_face()]] * 40)
    feed(session, 40)
    session.end()
    assert session.picture() is None
    assert session.faces() == ()
    assert session.report().everyone.seconds["happy"] > 1


def test_a_restart_forgets_everything(classifier):
    session = LiveSession(classifier)
    session.settings = LiveSettings(smoothing=0.2)
    feed(session, 3)
    session.paused = True
    session.restart()
    assert session.stats().frames == 0
    assert not session.paused
    assert session.settings.smoothing == 0.2
    assert session.classifier is classifier


def test_page_and_video_do_not_disturb_each_other():
    session = session_of([[live_face()]] * 3000)
    stop, failures = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                report = session.report()
                assert len(report.samples) <= report.stats.frames
                session.samples(1)
            except Exception as error:  # noqa: BLE001 - told below
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    feed(session, 3000)
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert session.stats().frames == 3000


def history_of(verdicts, frame: float = FRAME, **options) -> LiveHistory:
    history = LiveHistory(**options)
    for index, verdict in enumerate(verdicts):
        history.add([live_face(1, verdict)] if verdict else [], index * frame)
    return history


def test_shares_changes_and_the_longest_stretch():
    history = history_of(["happy"] * 60 + ["sad"] * 31 + ["happy"] * 30)
    total = history.faces[1]
    assert total.total_seconds == pytest.approx(4, abs=0.01)
    assert total.shares()["happy"] == pytest.approx(0.74, abs=0.01)
    assert sum(total.shares().values()) == pytest.approx(1)
    assert total.changes == 2
    assert (total.longest.verdict, total.longest.start) == ("happy", 0)
    assert total.longest.seconds == pytest.approx(2, abs=0.04)


def test_uncertain_counts_as_time_but_is_no_longest_stretch():
    total = history_of(["uncertain"] * 60 + ["sad"] * 31).faces[1]
    assert total.shares()["uncertain"] > 0.6
    assert total.longest.verdict == "sad"


def test_who_is_away_counts_for_nothing():
    away = round(3 * AWAY_SECONDS / FRAME)
    total = history_of(["happy"] * 31 + [None] * away + ["sad"] * 31).faces[1]
    assert total.total_seconds == pytest.approx(2, abs=0.05)
    assert total.changes == 0


def test_a_moment_out_of_sight_does_not_end_a_stretch():
    total = history_of(["happy"] * 31 + [None] * 5 + ["happy"] * 31).faces[1]
    assert total.longest.seconds == pytest.approx(66 * FRAME)


def test_everyone_is_the_sum_of_all():
    history = LiveHistory()
    for index in range(31):
        history.add([live_face(1, "happy"), live_face(2, "sad")], index * FRAME)
    everyone, faces = history.totals()
    assert everyone.total_seconds == pytest.approx(2)
    assert everyone.shares()["sad"] == pytest.approx(0.5)
    assert [face.number for face in faces] == [1, 2]


def test_ten_samples_a_second():
    history = history_of(["happy"] * 301)
    assert 98 <= history.sampled <= 102
    assert len(history.samples(since=9.0)) == pytest.approx(10, abs=1)
    assert len(history.samples(number=2)) == 0


def test_memory_is_bounded_and_the_sums_go_on():
    history = history_of(["happy"] * 1000, frame=0.1, max_samples=50)
    samples = history.samples()
    assert len(samples) == 50
    assert history.samples_lost == 950
    assert (np.diff(samples["seconds"]) > 0).all()
    assert samples["seconds"][-1] == pytest.approx(99.9)
    assert history.everyone.total_seconds == pytest.approx(99.9)


def test_no_end_of_faces_is_bounded():
    history = LiveHistory(max_samples=10)
    for number in range(1, MAX_FACES + 200):
        history.add([live_face(number)], number * 2.0)
    assert len(history.faces) == MAX_FACES
    assert len(history._present) == 1


@pytest.fixture
def report() -> LiveReport:
    script = [[live_face(1, "happy"), live_face(2, "sad")]] * 40 + [[live_face(1, "angry")]] * 20
    script += [[live_face(3, "fear")]] * 10
    session = session_of(script)
    feed(session, 70)
    return session.report()


def test_csv(report):
    rows = list(csv.DictReader(io.StringIO(report.to_csv())))
    assert list(rows[0]) == ["seconds", "face", *EMOTIONS, "shown"]
    assert {row["face"] for row in rows} == {"1", "2", "3"}
    assert len(rows) == len(report.samples)
    first = rows[0]
    assert (first["seconds"], first["happy"], first["shown"]) == ("0.000", "0.8800", "happy")
    assert sum(float(first[name]) for name in EMOTIONS) == pytest.approx(1, abs=0.01)


def test_json(report):
    content = json.loads(report.to_json())
    assert content["frames"] == 70
    assert content["models"] == ["crowd"]
    assert [face["face"] for face in content["faces"]] == [1, 2, 3]
    assert content["faces"][0]["changes"] == 1
    assert content["everyone"]["longest"]["emotion"] in ("happy", "sad")
    assert len(content["samples"]) == len(report.samples)
    assert content["samples"][0]["probabilities"]["happy"] == pytest.approx(0.88)


def test_a_face_of_a_moment_is_not_listed(report):
    assert [face.number for face in report.lasting_faces] == [1, 2]


def test_a_session_without_a_face():
    session = session_of([[]] * 5)
    feed(session, 5)
    report = session.report()
    assert report.to_csv().count("\n") == 1
    assert json.loads(report.to_json())["everyone"]["longest"] is None
    assert report.lasting_faces == ()


def test_lines_have_gaps_where_the_face_was_away():
    history = history_of(["happy"] * 31 + [None] * 90 + ["happy"] * 31)
    figure = figures.probability_lines(history.samples(1), 0.0, 30.0)
    assert [trace.name for trace in figure.data] == list(EMOTIONS)
    values = np.array(figure.data[EMOTIONS.index("happy")].y, float)
    assert np.isnan(values).sum() == 1
    assert np.nanmax(values) == pytest.approx(0.88)
    lines = figure.data[EMOTIONS.index("happy")]
    assert (lines.hovertemplate, lines.customdata[0]) == ("%{customdata}", "88%")
    assert len({trace.line.dash for trace in figure.data}) > 4  # never colour alone


def test_lines_of_a_long_time_are_thinned():
    history = history_of(["happy"] * 5000, frame=0.1)
    assert len(figures.probability_lines(history.samples(1), 0, 500).data[0].x) <= figures.MAX_POINTS


def test_lines_of_nothing():
    assert len(figures.probability_lines(LiveHistory().samples(1), 0, 30).data) == 7


@pytest.mark.parametrize(("uncertain", "bars"), [(0.0, 7), (0.3, 8)])
def test_shares_as_bars(uncertain, bars):
    shares = dict.fromkeys(VERDICTS, 0.0) | {"happy": 1 - uncertain, "uncertain": uncertain}
    bar = figures.verdict_shares(shares).data[0]
    assert len(bar.y) == bars
    assert bar.y[0] == "angry"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (5.4, "0:05"), (65, "1:05"), (3600, "60:00")])
def test_clock(seconds, text):
    assert figures.clock(seconds) == text


@pytest.mark.parametrize("text", [None, "", "  ", "[]"])
def test_no_ice_servers(text):
    assert parse_ice_servers(text) == []


def test_ice_servers():
    text = (
        '[{"urls": "stun:stun.example.org:3478"},'
        ' {"urls": ["turn:a.example.org", "turns:a.example.org"], "username": "me", "credential": "secret"}]'
    )
    assert parse_ice_servers(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("stun:stun.example.org", "is not valid JSON"),
        ('{"urls": "stun:a"}', "must be a list"),
        ('["stun:a"]', 'lacks "urls"'),
        ('[{"url": "stun:a"}]', 'lacks "urls"'),
        ('[{"urls": []}]', 'lacks "urls"'),
        ('[{"urls": "https://a"}]', "does not begin with stun: or turn:"),
        ('[{"urls": [3]}]', "does not begin with stun: or turn:"),
        ('[{"urls": "turn:a", "username": "secret"}]', 'without "username" and "credential"'),
        ('[{"urls": "turn:a", "username": "me", "credential": 3}]', "must be texts"),
    ],
)
def test_malformed_ice_servers(text, part):
    with pytest.raises(IceServersError) as caught:
        parse_ice_servers(text)
    assert part in str(caught.value)
    assert "secret" not in str(caught.value)
