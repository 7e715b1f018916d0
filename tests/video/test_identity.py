"""Who is who, by looks made by hand and by drawn people."""

import numpy as np
import pytest

from emotion.live.detection import LiveDetector
from emotion.video.identity import LOOKS, People, appearance, are_alike
from tests.video.films import ANNA, BEN, CARL, scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def looks():
    """Each person with each expression, somewhere in the picture."""
    detector, found = LiveDetector(), {}
    for person in (ANNA, BEN, CARL):
        for place, emotion in enumerate(("neutral", "happy", "sad", "surprise")):
            picture = scene((person, emotion, 60 * place, 100 - 20 * place))
            (face,) = detector.find(picture, [], search=True)
            found.setdefault(person, []).append(appearance(picture, face))
    return found


def test_looks_are_of_length_one_and_tell_people_apart(looks):
    for person, mine in looks.items():
        assert [np.linalg.norm(look) for look in mine] == pytest.approx([1] * 4)
        for other, theirs in looks.items():
            assert all(are_alike(one, two) == (person == other) for one in mine for two in theirs)


def test_who_comes_back_gets_the_old_number_and_a_newcomer_a_new_one(looks):
    people = People()
    for number, person in enumerate((ANNA, BEN), start=1):
        assert people.recall(looks[person][:LOOKS], since=0.0) == number
        people.see(number, looks[person][0], 1.0)
    assert people.recall(looks[BEN][1:], since=5.0) == 2
    assert people.recall(looks[ANNA][1:], since=5.0) == 1
    assert people.recall(looks[CARL], since=5.0) == 3
    assert len(people) == 3


def test_who_is_still_here_is_not_somebody_who_comes(looks):
    people = People()
    assert people.recall(looks[ANNA], since=0.0) == 1
    people.see(1, looks[ANNA][0], 10.0)
    assert people.recall(looks[ANNA], since=8.0) == 2  # a twin, who came while she was there


def test_where_two_come_into_question_nobody_is_sure(looks):
    people = People()
    for number in (1, 2):
        assert people.add(looks[ANNA]) == number
        people.see(number, looks[ANNA][0], 1.0)
    assert people.recall(looks[ANNA], since=5.0) == 3


def test_a_face_at_the_edge_has_a_look_as_well():
    picture = scene((ANNA, "happy", 0, 130), size=(240, 330))
    (face,) = LiveDetector().find(picture, [], search=True)
    assert np.isfinite(appearance(picture, face)).all()
