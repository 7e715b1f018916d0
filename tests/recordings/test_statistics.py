"""What a recording comes to, on tables made by hand."""

import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.recordings import statistics
from emotion.recordings.baseline import correct_baseline
from emotion.recordings.markers import Marker
from emotion.recordings.recording import RecordingError
from emotion.recordings.valence import valence_index
from tests.recordings.tables import probabilities, tables


@pytest.fixture
def of(tmp_path):
    return lambda *shown, **options: tables(tmp_path / "film", shown, **options)


def test_shares_changes_and_seconds(of):
    first, second = statistics.summarise(*of("hhhnnnnnuu", "...ss....s"))
    assert (first.frames, first.seconds, first.changes) == (10, 5.0, 2)
    assert first.shares["happy"] == pytest.approx(0.3)
    assert first.shares["neutral"] == pytest.approx(0.5)
    assert first.shares["uncertain"] == pytest.approx(0.2)
    assert sum(first.shares.values()) == pytest.approx(1)
    assert (second.frames, second.seconds, second.changes) == (3, 1.5, 0)
    assert second.valence == pytest.approx(0.05 - 0.7)


def test_uneven_times_weigh_rows_and_gaps_count_for_nothing(of):
    # Half a second usually; one row of 0.9 s; nobody looked for a minute.
    times = [0.0, 0.5, 1.0, 1.9, 2.4, 62.4, 62.9]
    faces, frames = of("hhhnnnn", times=times)
    assert statistics.durations(faces, frames) == pytest.approx([0.5, 0.5, 0.9, 0.5, 0.5, 0.5, 0.5])
    found = statistics.episodes(faces, frames)
    assert [(each.verdict, each.start, each.seconds) for each in found] == [
        ("happy", 0.0, pytest.approx(1.9)),
        ("neutral", 1.9, pytest.approx(1.0)),
        ("neutral", 62.4, pytest.approx(1.0)),
    ]


def test_episodes_have_start_length_and_peak(of):
    faces, frames = of("hhhn.nhh")
    faces.loc[faces.frame == 1, list(EMOTIONS)] = probabilities("happy", 0.95)
    found = statistics.episodes(faces, frames)
    assert [(each.verdict, each.start, each.frames) for each in found] == [
        ("happy", 0.0, 3), ("neutral", 1.5, 1), ("neutral", 2.5, 1), ("happy", 3.0, 2),
    ]  # fmt: skip
    assert (found[0].peak, found[0].peak_at) == (pytest.approx(0.95), 0.5)
    assert [each.frames for each in statistics.episodes(faces, frames, least=1.0)] == [3, 2]


def test_transitions_count_only_while_in_sight(of):
    counts = statistics.transitions(*of("hnhn.hh", "sssSSnu"))
    assert counts.loc["happy", "neutral"] == 2
    assert counts.loc["neutral", "happy"] == 1  # the second return came after an absence
    assert counts.loc["sad", "surprise"] == 1
    assert counts.loc["neutral", "uncertain"] == 1
    assert counts.to_numpy().sum() == 6
    assert np.diag(counts).sum() == 0


def test_a_marker_cuts(of):
    faces, frames = of("hhhhnnnn")
    marker = Marker(1.0, 3.0, "part")
    (summary,) = statistics.summarise(faces, frames, marker)
    assert (summary.frames, summary.seconds, summary.changes) == (4, 2.0, 1)
    assert [each.seconds for each in statistics.episodes(faces, frames, marker)] == [1.0, 1.0]
    assert statistics.transitions(faces, frames, marker).to_numpy().sum() == 1
    parts = statistics.by_marker(faces, frames, [marker, Marker(2, 2, "moment")])
    assert [each.label for each, _ in parts] == ["part"]


def test_agreement_of_pairs(of):
    faces, _ = of("hhnnu.", "hhnnhh", "nnhhhh")
    table = statistics.agreement(faces).set_index(["first", "second"])
    assert table.loc[(1, 2), ["frames", "same", "kappa"]].tolist() == [4, 1.0, 1.0]
    assert table.loc[(1, 3), ["frames", "same", "kappa"]].tolist() == [4, 0.0, -1.0]
    assert table.loc[(1, 2), "valence"] == pytest.approx(1)
    assert table.loc[(1, 3), "valence"] == pytest.approx(-1)
    assert len(statistics.agreement(faces, Marker(100, 200, "later"))) == 0


def test_what_cannot_be_told_is_nan(of):
    table = statistics.agreement(of("hhh", "hhh")[0])
    assert table[["kappa", "valence"]].isna().all(axis=None)


def test_nobody_and_a_single_frame(of, tmp_path):
    faces, frames = of("....")
    assert statistics.summarise(faces, frames) == []
    assert statistics.episodes(faces, frames) == []
    assert statistics.transitions(faces, frames).to_numpy().sum() == 0
    assert len(statistics.agreement(faces)) == 0
    (summary,) = statistics.summarise(*tables(tmp_path / "one", ["h"]))
    assert (summary.seconds, summary.shares["happy"], summary.valence) == (0.0, 0.0, pytest.approx(0.65))


def test_a_resting_face_becomes_neutral_and_what_changes_stays(of):
    # The model calls the first one's resting face sad; the second one's neutral.
    faces, _ = of("sssshhss", "nnnnhhnn")
    corrected = correct_baseline(faces, Marker(0, 2, "rest"))
    assert corrected["corrected"].all()
    first = corrected[corrected.face == 1]
    rest = first[first.seconds < 2]
    assert (rest[list(EMOTIONS)].idxmax(axis=1) == "neutral").all()
    assert (first[(first.seconds >= 2) & (first.seconds < 3)]["verdict"] == "happy").all()
    assert corrected[list(EMOTIONS)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert "corrected" not in faces
    assert (faces[faces.face == 1]["verdict"].iloc[0]) == "sad"


def test_a_difference_of_logits_is_kept(of):
    faces, _ = of("sssh")
    corrected = correct_baseline(faces, Marker(0, 1.5, "rest"))

    def step(table):
        logits = np.log(table[list(EMOTIONS)].to_numpy(float))
        difference = logits[3] - logits[0]
        return difference - difference.mean()

    assert step(corrected) == pytest.approx(step(faces), abs=1e-4)


def test_who_was_not_seen_at_rest_stays_as_is(of):
    faces, _ = of("nnnn", "..hh")
    corrected = correct_baseline(faces, Marker(0, 1, "rest"))
    second = corrected[corrected.face == 2]
    assert not second["corrected"].any()
    assert second[list(EMOTIONS)].equals(faces[faces.face == 2][list(EMOTIONS)])
    with pytest.raises(RecordingError, match="Nobody was seen"):
        correct_baseline(faces, Marker(50, 60, "rest"))


@pytest.mark.parametrize("shape", [(), (6,), (3, 8)])
def test_valence_wants_seven(shape):
    with pytest.raises(ValueError, match="7"):
        valence_index(np.zeros(shape))
