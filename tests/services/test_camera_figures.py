"""What the pictures of a camera are worth, by the people who stood before it."""

from __future__ import annotations

from gate.recognition.face import Face, Quality, Sighting, Unusable, Verdict
from gate.services.camera_figures import NEWEST, PEOPLE, CameraFigures


def seen(track: int, at: float, *, wrong: Unusable | None = None, frames: int = 9, **quality):
    return Sighting(
        track=track,
        camera="main",
        first_seen=at,
        last_seen=at,
        frame=0,
        face=Face((0, 0, 9, 9), 1.0, quality=Quality(**quality)),
        frames=frames,
        used=0,
        verdict=Verdict.WAIT,
        guidance=wrong,
        first_usable=None if wrong else at,
    )


def test_each_person_counts_once_when_they_have_left() -> None:
    figures = CameraFigures(["main", "side"])
    for frame in range(9):
        figures.saw([seen(1, frame / 10, brightness=90.0, sharpness=30.0)])
    assert figures.figures()["main"] == {"people": 0}  # still there
    figures.saw([seen(2, 10.0, wrong=Unusable.BACKLIGHT, brightness=40.0, sharpness=20.0)])
    assert figures.figures()["main"]["people"] == 1
    figures.saw([seen(3, 20.0)])
    assert figures.figures() == {
        "main": {
            "people": 2,
            "usable": 0.5,
            "light": 65.0,
            "sharpness": 25.0,
            "reason": "backlight",
        },
        "side": {"people": 0},
    }


def test_a_face_that_was_usable_once_is_usable_and_a_passer_by_does_not_count() -> None:
    figures = CameraFigures(["main"])
    figures.saw([seen(1, 0.0, wrong=Unusable.TURNED), seen(2, 0.0, frames=2)])
    figures.saw([seen(1, 0.1)])
    figures.saw([seen(1, 0.2, wrong=Unusable.BLURRED)])
    figures.saw([seen(3, 10.0)])
    (main,) = figures.figures().values()
    assert (main["people"], main["usable"], main["reason"]) == (1, 1.0, "")
    assert main["light"] is None


def test_only_the_newest_people_count() -> None:
    figures = CameraFigures(["main"])
    for track in range(PEOPLE + 50):
        wrong = Unusable.TOO_DARK if track < 50 else None
        figures.saw([seen(track, 10.0 * track, wrong=wrong)])
    figures.saw([seen(9999, 1e6)])
    assert figures.figures()["main"]["people"] == PEOPLE
    assert figures.figures()["main"]["usable"] == 1.0


def test_of_a_face_that_stays_only_the_newest_frames_count() -> None:
    """A poster before the camera must not fill the memory either."""
    figures = CameraFigures(["main"])
    for frame in range(2 * NEWEST + 9):
        light = 90.0 if frame < NEWEST + 9 else 20.0
        figures.saw([seen(1, frame / 15, brightness=light, sharpness=light)])
    figures.saw([seen(2, 1e3)])
    main = figures.figures()["main"]
    assert (main["light"], main["sharpness"]) == (20.0, 20.0)
