"""The face of the camera's picture, found in the thermal image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sensors.settings import TemperatureSettings
from gate.sensors.view import Region, region_of

WHOLE = (0.0, 0.0, 1.0, 1.0)


def test_the_same_view_changes_nothing() -> None:
    assert region_of((0.4, 0.2, 0.6, 0.5), WHOLE) == (0.4, 0.2, 0.6, 0.5)


@pytest.mark.parametrize(
    ("view", "region"),
    [
        ((0.2, 0.1, 0.8, 0.9), (1 / 3, 1 / 8, 2 / 3, 1 / 2)),  # sees less than the camera
        ((-0.5, -0.5, 1.5, 1.5), (0.45, 0.35, 0.55, 0.5)),  # sees more
        ((1.0, 0.0, 0.0, 1.0), (0.4, 0.2, 0.6, 0.5)),  # mirrored: this face is in the middle
        ((0.8, 0.0, 0.3, 1.0), (0.4, 0.2, 0.8, 0.5)),  # mirrored and beside
        ((0.0, 1.0, 1.0, 0.0), (0.4, 0.5, 0.6, 0.8)),  # upside down
    ],
)
def test_a_face_in_other_views(view: Region, region: Region) -> None:
    found = region_of((0.4, 0.2, 0.6, 0.5), view)
    assert found == pytest.approx(region)


@pytest.mark.parametrize("place", [(0.0, 0.2, 0.1, 0.5), (0.9, 0.2, 1.1, 0.5)])
def test_a_face_outside_the_thermal_image_is_not_measured(place: Region) -> None:
    assert region_of(place, (0.2, 0.0, 0.8, 1.0)) is None


def test_a_face_half_outside_counts_as_far_as_it_is_seen() -> None:
    assert region_of((0.0, 0.2, 0.4, 0.5), (0.2, 0.0, 0.7, 1.0)) == pytest.approx(
        (0.0, 0.2, 0.4, 0.5)
    )


edges = st.floats(-1, 2)


@given(st.tuples(edges, edges, edges, edges), st.tuples(edges, edges, edges, edges))
def test_what_is_found_lies_in_the_image(place: Region, view: Region) -> None:
    if min(abs(view[2] - view[0]), abs(view[3] - view[1])) < 0.05:
        return
    found = region_of(place, view)
    if found is not None:
        assert 0 <= found[0] < found[2] <= 1
        assert 0 <= found[1] < found[3] <= 1


@pytest.mark.parametrize("view", [(0.1, 0.2, 0.3), (0.5, 0.0, 0.5, 1.0), ("a", 0, 1, 1)])
def test_a_view_that_is_none_is_a_mistake_in_the_configuration(view: object) -> None:
    with pytest.raises(ValueError, match="view"):
        TemperatureSettings(view=view)  # type: ignore[arg-type]
