"""Tests of what is found wrong: copies against brute force, near copies of known origin, tiny datasets."""

from itertools import combinations

import cv2
import numpy as np
import pytest

from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError, image_keys
from emotion.dataset.importing import import_dataset
from emotion.dataset.quality import near_copies, searches
from emotion.dataset.quality.finding import QualityFinding, group_by
from emotion.dataset.quality.searches import (
    find_blank,
    find_conflicting_copies,
    find_cross_split_copies,
    find_disputed,
    find_exact_copies,
    find_near_copies,
    find_not_a_face,
)
from emotion.dataset.result_cache import is_cached
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from tests.helpers import csv_text

CHEAP = (find_exact_copies, find_cross_split_copies, find_conflicting_copies, find_near_copies, find_blank)


def members(finding: QualityFinding) -> np.ndarray:
    """Return all faces of a finding's groups, group after group."""
    return np.concatenate([np.zeros(0, np.int64), *finding.groups])


@pytest.fixture
def make(tmp_path):
    """Import faces: images (n, 48, 48), labels (n,), usages."""

    def make(images, labels=None, usages=None):
        count = len(images)
        labels = np.zeros(count, int) if labels is None else labels
        path = tmp_path / "faces.csv"
        path.write_text(csv_text(images, labels, usages or ["Training"] * count))
        import_dataset(path, "mine")
        return store.open_dataset("mine")

    return make


def sets(groups) -> set[frozenset[int]]:
    return {frozenset(group.tolist()) for group in groups}


def with_copies(count: int, copies: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Faces, with `copies` of them put over others, and their labels and usages."""
    images, labels = generate(count, seed)
    rng = np.random.default_rng(seed)
    for _ in range(copies):
        source, target = rng.choice(count, 2, replace=False)
        images[target] = images[source]
        labels[target] = labels[source] if rng.random() < 0.7 else labels[target]
    return images, labels, [["Training", "PublicTest"][i] for i in rng.integers(2, size=count)]


@pytest.mark.parametrize("seed", range(3))
def test_copies_are_those_of_a_brute_force_count(make, seed):
    images, labels, usages = with_copies(70, 30, seed)
    dataset = make(images, labels, usages)
    pairs = {(a, b) for a, b in combinations(range(len(images)), 2) if np.array_equal(images[a], images[b])}
    found = find_exact_copies(dataset)
    assert {pair for group in found.groups for pair in combinations(group.tolist(), 2)} == pairs
    assert found.faces == len({index for pair in pairs for index in pair})
    assert sorted(map(len, found.groups), reverse=True) == [len(group) for group in found.groups]
    across = {pair for pair in pairs if usages[pair[0]] != usages[pair[1]]}
    expected = {
        frozenset(group.tolist()) for group in found.groups if set(group) & {i for p in across for i in p}
    }
    assert sets(find_cross_split_copies(dataset).groups) == expected
    conflicting = {index for a, b in pairs if labels[a] != labels[b] for index in (a, b)}
    expected = {frozenset(group.tolist()) for group in found.groups if set(group) & conflicting}
    assert sets(find_conflicting_copies(dataset).groups) == expected


def test_excluding_the_surplus_solves_the_problem(make):
    images, labels, usages = with_copies(70, 30, 5)
    dataset = make(images, labels, usages)
    for find in (find_cross_split_copies, find_conflicting_copies, find_exact_copies):
        surplus = find(dataset).surplus
        kept = np.setdiff1d(np.arange(70), surplus)
        again = group_by(image_keys(images[kept]))
        values = {
            find_cross_split_copies: np.array(usages)[kept],
            find_conflicting_copies: labels[kept],
            find_exact_copies: np.arange(len(kept)),
        }[find]
        assert all(len(set(values[group].tolist())) == 1 for group in again)
    # Of copies in training and test, the one in the test stays.
    exact = find_exact_copies(dataset)
    for group in find_cross_split_copies(dataset).groups:
        (kept_one,) = set(group.tolist()) - set(exact.surplus.tolist())
        assert usages[kept_one] == "PublicTest"


def shifted(image, dx, dy):
    return cv2.warpAffine(
        image, np.float32([[1, 0, dx], [0, 1, dy]]), (48, 48), borderMode=cv2.BORDER_REPLICATE
    )


CHANGES = {
    "noise": lambda image, rng: np.clip(image + rng.normal(0, 6, image.shape), 0, 255),
    "brighter": lambda image, rng: np.clip(image.astype(float) + 25, 0, 255),
    "less contrast": lambda image, rng: image * 0.6 + 40,
    "shift": lambda image, rng: shifted(image, 1, 0),
    "diagonal shift": lambda image, rng: shifted(image, -1, 1),
    "jpeg": lambda image, rng: cv2.imdecode(
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_GRAYSCALE
    ),
    "blur": lambda image, rng: cv2.GaussianBlur(image, (3, 3), 0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_near_copies_are_found_and_others_are_not(make, change):
    images = generate(70, seed=4)[0]
    plain = sets(find_near_copies(make(images)).groups)
    assert len(plain) <= 1  # drawn faces may happen to look alike
    store.delete_dataset("mine")
    rng = np.random.default_rng(0)
    changed = np.stack([CHANGES[change](image, rng) for image in images[:20]]).astype(np.uint8)
    found = sets(find_near_copies(make(np.concatenate([images, changed]))).groups)
    pairs = {frozenset({i, 70 + i}) for i in range(20)}
    assert len(found & pairs) >= 18
    assert len(found - pairs) <= 2


def test_exact_copies_alone_are_not_near_copies_but_go_with_them(make):
    images = generate(10, seed=4)[0]
    noisy = np.clip(images[:1] + 5.0, 0, 255).astype(np.uint8)
    found = find_near_copies(make(np.concatenate([images, images[:2], noisy])))
    assert sets(found.groups) == {frozenset({0, 10, 12})}
    assert found.surplus.tolist() == [10, 12]


def test_near_copies_report_progress_and_are_kept(make, monkeypatch):
    monkeypatch.setattr(near_copies, "_BLOCK", 8)
    dataset = make(
        np.repeat(generate(20, seed=4)[0], 2, axis=0) ^ np.arange(40, dtype=np.uint8)[:, None, None] % 2
    )
    seen = []
    assert not is_cached(dataset, searches.NEAR_COPIES)
    first = find_near_copies(dataset, lambda *progress: seen.append(progress))
    assert is_cached(dataset, searches.NEAR_COPIES)
    assert len(first.groups) >= 15
    assert seen == sorted(seen)
    assert (0, 40) < seen[0] < seen[-1] == (40, 40)
    monkeypatch.setattr(searches, "near_copy_groups", None)  # no second time
    again = find_near_copies(store.open_dataset("mine"))
    assert sets(again.groups) == sets(first.groups)


def test_a_search_can_be_ended_and_begun_anew(make):
    def stop(done, total):
        raise InterruptedError

    dataset = make(generate(10, seed=4)[0])
    with pytest.raises(InterruptedError):
        find_near_copies(dataset, stop)
    assert find_near_copies(dataset).faces == 0


def test_a_film_of_one_face_takes_no_ages(make):
    images = np.clip(generate(1, 0)[0] + np.arange(300)[:, None, None] % 20, 0, 255).astype(np.uint8)
    assert [len(group) for group in find_near_copies(make(images)).groups] == [300]


def test_blank_pictures(make):
    images = generate(10, seed=2)[0]
    images[3] = 0
    images[6] = np.random.default_rng(0).integers(200, 205, (48, 48))
    images[8, :, :40] = 255
    found = find_blank(make(images))
    assert members(found).tolist() == [3, 6, 8]
    assert found.scores.tolist() == pytest.approx([1, 1, 40 / 48], abs=0.1)
    assert found.surplus.tolist() == [3, 6, 8]


def test_tone_shares_are_those_of_a_plain_count(monkeypatch):
    monkeypatch.setattr(searches, "_BLOCK", 4)
    images = generate(10, seed=2)[0]
    expected = [
        max(((i >= low) & (i < low + 9)).mean() for low in range(-8, 256)) for i in images.astype(int)
    ]
    assert searches.tone_shares(images).tolist() == pytest.approx(expected)


def test_disputed_faces_and_no_faces(make):
    dataset = make(generate(4, seed=2)[0])
    header = "image," + ",".join(VOTE_COLUMNS)
    rows = ["0,0,0,0,10,0,0,0,0,0", "1,1,1,1,1,1,1,1,1,1", "0,0,0,0,0,0,0,0,0,0", "0,0,0,0,2,0,0,0,0,8"]
    table = "\n".join([header, *(f"Training_{i:05d},{row}" for i, row in enumerate(rows))])
    for find in (find_disputed, find_not_a_face):
        with pytest.raises(DatasetError, match="no votes attached"):
            find(dataset)
    assert store.attach_votes("mine", table.encode()) == 3
    dataset = store.open_dataset("mine")
    disputed = find_disputed(dataset)
    assert members(disputed).tolist() == [1, 3, 0]
    assert disputed.scores.tolist() == pytest.approx([0.1, 0.8, 1])
    assert members(find_not_a_face(dataset)).tolist() == [3]


def test_findings_go_into_a_table(make):
    images, labels = generate(6, seed=2)
    images[4] = images[1]
    dataset = make(images, labels, ["Training"] * 4 + ["PublicTest"] * 2)
    rows = find_cross_split_copies(dataset).to_csv(dataset).splitlines()
    assert rows == [
        "group,name,split,label,exclude",
        f"1,Training_00001,train,{EMOTIONS[labels[1]]},1",
        f"1,PublicTest_00004,test,{EMOTIONS[labels[4]]},0",
    ]
    assert find_blank(dataset).to_csv(dataset) == "group,name,split,label,exclude,score\n"


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("kind", ["faces", "one tone", "all the same"])
def test_tiny_and_odd_datasets(make, count, kind):
    images = generate(count, seed=1)[0]
    if kind == "one tone":
        images = np.full_like(images, 0) + np.arange(count, dtype=np.uint8)[:, None, None]
    elif kind == "all the same":
        images[:] = images[0]
    dataset = make(images)
    for find in CHEAP:
        found = find(dataset)
        assert found.faces == len(members(found))
        assert set(found.surplus.tolist()) <= set(members(found).tolist())
        assert found.to_csv(dataset).count("\n") == found.faces + 1
    assert find_near_copies(dataset).faces == 0
    assert find_exact_copies(dataset).faces == (count if kind == "all the same" and count > 1 else 0)
