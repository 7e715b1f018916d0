"""A recording in the forms of other programs, read back as those would."""

import csv
import gzip
import io
import json
import re
import zipfile
from itertools import pairwise
from xml.etree import ElementTree as Xml

import numpy as np
import pandas as pd
import pytest

from emotion import paths
from emotion.cli import recordings as recordings_cli
from emotion.cli.main import main
from emotion.labels import EMOTIONS
from emotion.recordings import store
from emotion.recordings.exporting.formats import FORMATS, export_bytes
from emotion.recordings.exporting.report import clock
from emotion.recordings.exporting.spreadsheets import TABLES
from emotion.recordings.markers import Marker, write_markers
from emotion.recordings.recording import Model, Source
from emotion.recordings.session import load
from tests.recordings.tables import write

HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>\x00 & "q"'
SHOWN = ("hhhhnnnnuu", "..sssSSS..")


@pytest.fixture
def session():
    write(
        paths.recordings_folder() / "film", SHOWN,
        source=Source("film", "a <b> & 'film'.mp4", 5, "ab" * 32, "mp4", "h264", 640, 480),
        model=Model("crowd", "0123", 0.86, 0.02, 0.66, "fer2013", "votes"),
        created="2026-01-02T03:04:05+00:00", software="emotion 1", consent=HOSTILE,
        problems=("It breaks off.",),
    )  # fmt: skip
    markers = [Marker(0, 2, HOSTILE, "+1"), Marker(1, 3, "overlaps"), Marker(1.5, 1.5, "moment")]
    write_markers(store.recording_folder("film"), markers)
    return load("film")


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("what", TABLES)
def test_tables_are_the_same_in_both_forms(session, form, what):
    data = io.BytesIO(export_bytes(session, form, what))
    table = pd.read_csv(data) if form == "csv" else pd.read_parquet(data)
    rows = {"frames": 16, "episodes": 5, "markers": 5}[what]
    assert len(table) == rows
    if what == "frames":
        assert table["face"].tolist()[:6] == [1, 1, 1, 2, 1, 2]
        assert table[list(EMOTIONS)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    if what == "episodes":
        assert table["verdict"].tolist() == ["happy", "sad", "neutral", "surprise", "uncertain"]
        assert table["seconds"].tolist() == pytest.approx([2, 1.5, 2, 1.5, 1])
    if what == "markers":
        assert table[table.label == "overlaps"]["face"].tolist() == [1, 2]
        assert table[table.label == "overlaps"]["sad"].tolist() == pytest.approx([0, 0.75])


def test_no_cell_is_a_formula(session):
    for form in ("csv", "boris"):
        text = export_bytes(session, form, "markers").decode()
        cells = [
            cell
            for row in csv.reader(io.StringIO(text), delimiter="," if form == "csv" else "\t")
            for cell in row
        ]
        numbers = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
        assert not [cell for cell in cells if cell[:1] in "=+-@" and cell and not numbers.fullmatch(cell)]
        assert any("HYPERLINK" in cell for cell in cells)


def test_json_tells_what_it_comes_to(session):
    told = json.loads(export_bytes(session, "json"))
    assert [person["face"] for person in told["people"]] == [1, 2]
    assert told["transitions"]["happy"] == {"neutral": 1}
    assert told["agreement"][0]["frames"] == 6
    assert told["markers"][0]["people"][0]["shares"]["happy"] == 1
    assert told["corrected_to_rest"] is None


def test_elan_reads_tiers_that_do_not_overlap(session):
    root = Xml.fromstring(export_bytes(session, "elan"))  # noqa: S314 - our own
    times = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")}
    tiers = {}
    for tier in root.iter("TIER"):
        tiers[tier.get("TIER_ID")] = [
            (times[each.get("TIME_SLOT_REF1")], times[each.get("TIME_SLOT_REF2")], each[0].text)
            for each in tier.iter("ALIGNABLE_ANNOTATION")
        ]
    assert tiers["face 2"] == [(1000, 2500, "sad"), (2500, 4000, "surprise")]
    assert [name for name in tiers if name.startswith("markers")] == ["markers", "markers 2", "markers 3"]
    assert "\x00" not in str(tiers["markers"])
    for spans in tiers.values():
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert all(start < end for start, end, _ in spans)
    used = [each.get("ANNOTATION_ID") for each in root.iter("ALIGNABLE_ANNOTATION")]
    assert len(set(used)) == len(used)


def test_boris_has_a_row_an_episode(session):
    rows = list(csv.DictReader(io.StringIO(export_bytes(session, "boris").decode()), delimiter="\t"))
    assert len(rows) == 5 + 3
    assert rows[0]["Total length"] == "5.000"
    sad = next(row for row in rows if row["Behavior"] == "sad")
    assert (sad["Subject"], sad["Start (s)"], sad["Stop (s)"], sad["Behavior type"]) == (
        "face 2", "1.000", "2.500", "STATE",
    )  # fmt: skip
    assert next(row for row in rows if row["Behavior"] == "moment")["Behavior type"] == "POINT"


def test_bids_lays_answers_on_a_grid(session):
    with zipfile.ZipFile(io.BytesIO(export_bytes(session, "bids"))) as archive:
        names = archive.namelist()
        facts = json.loads(archive.read("sub-01_task-film_recording-face2_physio.json"))
        text = gzip.decompress(archive.read("sub-01_task-film_recording-face2_physio.tsv.gz")).decode()
        events = pd.read_csv(io.BytesIO(archive.read("sub-01_task-film_events.tsv")), sep="\t")
    assert len(names) == 6
    assert (facts["SamplingFrequency"], facts["StartTime"]) == (2, 0)
    table = pd.read_csv(io.StringIO(text), sep="\t", names=facts["Columns"], na_values="n/a")
    assert len(table) == 10
    assert table["sad"].isna().tolist() == [True] * 2 + [False] * 6 + [True] * 2
    assert table["sad"].iloc[2] == pytest.approx(0.7)
    assert events["onset"].is_monotonic_increasing
    assert list(events.columns[:3]) == ["onset", "duration", "trial_type"]


def test_bids_holds_over_uneven_times_but_not_over_gaps():
    times = [0, 0.1, 0.2, 0.35, 0.4, 5.0, 5.1]
    write(paths.recordings_folder() / "gap", ["hhhhhhh"], times=times)
    with zipfile.ZipFile(io.BytesIO(export_bytes(load("gap"), "bids"))) as archive:
        text = gzip.decompress(archive.read("sub-01_task-gap_recording-face1_physio.tsv.gz")).decode()
    seen = np.array(["n/a" not in line for line in text.splitlines()])
    assert len(seen) == 52
    assert seen[:5].all()
    assert not seen[8:49].any()
    assert seen[-1]


def test_the_report_says_how_and_escapes_what_people_bring(session):
    html = export_bytes(session, "report").decode()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "http" not in re.sub(r"http-equiv|HYPERLINK\(&#34;http://x", "", html)  # it loads nothing
    for told in (
        "What it cannot tell",
        "86.0%",
        "crowd",
        "It breaks off.",
        "no diagnosis",
        "ab" * 32,
        "happy",
    ):
        assert told in html, told
    assert html.count("<svg") == 2
    assert "Answers are taken relative" not in html
    assert "Answers are taken relative" in export_bytes(load("film", Marker(0, 2, "rest")), "report").decode()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shown", [["..."], ["h"], ["u" * 40]], ids=["nobody", "one frame", "uncertain"])
def test_hardly_anything_can_be_handed_out_as_well(form, shown):
    write(paths.recordings_folder() / "little", shown)
    for what in TABLES:
        assert export_bytes(load("little"), form, what)


def test_a_long_recording_gives_a_small_report():
    random = np.random.default_rng(0)
    line = "".join(random.choice(list("hnsu."), 5000))
    write(paths.recordings_folder() / "long", [line], step=0.04)
    assert len(export_bytes(load("long"), "report")) < 100_000


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00.0"), (65.26, "1:05.3"), (3725, "1:02:05.0"), (59.96, "1:00.0")]
)
def test_times_are_read_as_clocks(seconds, text):
    assert clock(seconds) == text


def test_the_command_line_knows_all_forms():
    assert tuple(FORMATS) == recordings_cli.FORMATS
    assert TABLES == recordings_cli.TABLES


def run(capsys, *arguments):
    status = main(["recordings", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_list_show_mark_export_delete(capsys, session, tmp_path):
    assert "film " in run(capsys, "list")[1]
    assert json.loads(run(capsys, "list", "--json")[1])["name"] == "film"
    shown = run(capsys, "show", "film")[1]
    assert "face 1     5.0 s in sight: happy 40%, neutral 40%, uncertain 20%; 2 changes" in shown
    assert json.loads(run(capsys, "show", "film", "--rest", "0-0:01", "--json")[1])["corrected_to_rest"] == [
        0,
        1,
    ]
    assert run(capsys, "mark", "film", "lunch", "--from", "0:01", "--to", "0:02")[0] == 0
    assert len(load("film").markers) == 4
    out = tmp_path / "out.csv"
    assert run(capsys, "export", "film", "--table", "episodes", "-o", out)[0] == 0
    assert len(pd.read_csv(out)) == 5
    assert run(capsys, "delete", "film") == (0, "", "Deleted film.\n")
    status, _, err = run(capsys, "show", "film")
    assert (status, err) == (1, "There is no recording 'film'; known are: none yet.\n")
    assert "There is no recording yet" in run(capsys, "list")[2]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["mark", "film", " ", "--from", "1"], 2, "needs a label"),
        (["mark", "film", "x", "--from", "2", "--to", "1"], 2, "before it starts"),
        (["export", "film", "-o", "/nowhere/out.csv"], 1, "could not be written"),
        (["show", "film", "--rest", "100-200"], 1, "Nobody was seen"),
    ],
)
def test_mistakes_get_a_sentence(capsys, session, arguments, status, sentence):
    found, _, err = run(capsys, *arguments)
    assert found == status
    assert sentence in err
