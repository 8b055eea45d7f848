"""The fit to the site."""

from __future__ import annotations

import numpy as np
import pytest

from gate.errors import RecognitionError
from gate.recognition.face import Template
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.scoring import unit
from gate.recognition.matching.whitening import FEWEST, Whitening, fit_whitening, no_whitening

WIDTH = 16


def gallery(people: int, order: int = 1, loud: float = 0.0) -> Snapshot:
    """People on a sphere, pushed into one direction, loud along another."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(people, WIDTH)).astype(np.float32)
    rows[:, 0] += 3
    rows[:, 1] *= 1 + loud
    rows = unit(rows)
    made = Gallery("e/1", WIDTH)
    return made.add(Template(person, rows[person], "e/1") for person in range(people)[::order])


def test_the_same_people_give_the_same_fit_in_any_order() -> None:
    one, other = fit_whitening(gallery(50)), fit_whitening(gallery(50, order=-1))
    assert one.version == other.version
    assert np.array_equal(one.transform, other.transform)


def test_other_people_give_another_version() -> None:
    assert fit_whitening(gallery(50)).version != fit_whitening(gallery(51)).version


def test_people_weigh_alike_whatever_their_templates() -> None:
    made = Gallery("e/1", WIDTH)
    snapshot = gallery(50)
    for person, row in zip(snapshot.people.tolist(), snapshot.rows, strict=True):
        made.add([Template(person, row, "e/1")] * (5 if person == 0 else 1))
    assert fit_whitening(made.snapshot()).transform == pytest.approx(
        fit_whitening(snapshot).transform, abs=1e-5
    )


def test_what_all_have_in_common_is_gone() -> None:
    snapshot = gallery(400)
    raw, fitted = snapshot.rows, fit_whitening(snapshot).apply(snapshot.rows)
    off = ~np.eye(400, dtype=bool)
    assert (raw @ raw.T)[off].mean() > 0.3
    assert abs((fitted @ fitted.T)[off].mean()) < 0.02


def test_loud_directions_are_damped() -> None:
    snapshot = gallery(400, loud=4)
    fitted = fit_whitening(snapshot).apply(snapshot.rows)
    raw = snapshot.rows - snapshot.rows.mean(axis=0)
    spread = raw.std(axis=0)
    assert fitted.std(axis=0).max() / np.median(fitted.std(axis=0)) < 0.8 * (
        spread.max() / np.median(spread)
    )


def test_too_few_people_get_no_fit() -> None:
    snapshot = gallery(FEWEST - 1)
    fit = fit_whitening(snapshot)
    assert fit.version == "none"
    assert fit.apply(snapshot.rows) == pytest.approx(snapshot.rows, abs=1e-6)


def test_rows_come_back_with_unit_length() -> None:
    snapshot = gallery(60)
    assert np.linalg.norm(fit_whitening(snapshot).apply(snapshot.rows), axis=1) == pytest.approx(1)


@pytest.mark.parametrize("fit", [fit_whitening(gallery(50)), no_whitening("e/1", WIDTH)])
def test_it_survives_storing(fit: Whitening) -> None:
    again = Whitening.from_arrays(fit.to_arrays())
    rows = gallery(50).rows
    assert (again.version, again.encoder, again.people) == (fit.version, "e/1", fit.people)
    assert np.array_equal(again.apply(rows), fit.apply(rows))


def test_damaged_storage_is_a_named_error() -> None:
    with pytest.raises(RecognitionError, match="site fit"):
        Whitening.from_arrays({})
