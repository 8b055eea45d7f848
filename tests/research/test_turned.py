"""Which photographs are compared for the cost of a turned face, and what is counted."""

import numpy as np

from gate.recognition.face import Face
from research.turned import Look, chosen, report

IMAGE = np.zeros((8, 8, 3), np.uint8)
FACE = Face(box=(0.0, 0.0, 4.0, 4.0), score=0.9)


def look(person, yaw, pitch=0.0):
    return Look(person, IMAGE, FACE, yaw, pitch)


def test_a_frontal_probe_and_turned_templates_of_the_same_person():
    seen = [look("a", 30), look("a", 2), look("a", 3), look("a", 4), look("a", 20), look("a", 40)]
    seen += [look("b", 30), look("b", 31), look("c", 1), look("d", 0, 16), look("d", 14, 14)]
    probes, templates = chosen(seen)
    assert [(one.person, one.yaw) for one in probes] == [("a", 2), ("d", 14)]
    assert [one.yaw for one in templates] == [3, 30, 20, 0]


def test_misses_are_counted_by_how_far_the_template_is_turned():
    people = 40
    same = np.vstack([np.eye(people, dtype=bool)] * 2)
    scores = np.where(same, 0.9, 0.1).astype(np.float32)
    scores[people : people + 3] = np.where(same[people : people + 3], 0.05, 0.1)
    yaw = np.repeat([5.0, 30.0], people)
    lines = list(report(scores, same, yaw))
    assert lines[0] == "FMR 0.001 of 3120 pairs, threshold 0.100"
    assert lines[1].startswith("    turned 0 to 15 degrees: 0 of 40,")
    assert lines[5].startswith("    turned 28 to 32 degrees: 3 of 40,")
    assert lines[2].endswith("none")
