"""The desk's page of what the hub sets on the gates."""

from __future__ import annotations

import pytest

from enroll.pages.gate_configuration import reason
from gate.config.from_hub import digest_of
from gate.hub.configurations import Configurations
from gate.hub.overview import overview
from gate.hub.rollouts import Rollouts
from gate.store.tables import BoxRow
from tests.enroll.test_fleet import has_box

PATH = "/fleet/configuration"
TEXT = "[recognition]\npatience = 1.5\n"


@pytest.mark.slow
def test_a_version_is_checked_saved_compared_and_rolled_out(manager, desk):
    has_box(desk, "north")
    assert "each box goes by its own file" in manager.get(PATH).text
    page = manager.fill(PATH, scope="gate north", text=TEXT, note="slower").text
    assert "recognition.patience" in page
    assert "seconds from the first usable face" in page  # the words of the reference
    assert "slower" in page
    manager.fill(f"{PATH}/1/rollout", first="north", minutes=5)
    running = Rollouts(desk.store).running()
    assert (running.waves, running.watch, running.by) == ([["north"]], 300, "manager")
    assert "not yet" in manager.get(PATH).text
    assert manager.fill(f"{PATH}/1/rollout").status_code == 400  # one at a time
    manager.fill(f"{PATH}/stop")
    assert Configurations(desk.store).wanted("north") == {}
    assert "stopped" in manager.get(PATH).text
    assert manager.fill(f"{PATH}/stop").status_code == 404


@pytest.mark.slow
def test_mistakes_are_named_and_what_was_written_is_still_there(manager, desk):
    page = manager.fill(PATH, scope="", text="[recognition]\npatiense = 2\n[relay]\nport='/x'")
    assert "a hub may not set relay.port" in page.text
    assert "patiense = 2" in page.text
    page = manager.fill(PATH, scope="", text="[recognition]\npatiense = 2").text
    assert "did you mean patience?" in page
    assert Configurations(desk.store).all() == []
    assert manager.fill(PATH, scope="gate nowhere", text=TEXT).status_code == 404


@pytest.mark.slow
def test_who_only_looks_may_neither_write_nor_roll_out(clerk, desk):
    has_box(desk, "north")
    Configurations(desk.store).add("", TEXT, "x")
    page = clerk.get(f"{PATH}?before=&after=1").text
    assert "recognition.patience" in page
    assert "<textarea" not in page
    for path in (PATH, f"{PATH}/1/rollout", f"{PATH}/stop"):
        assert clerk.fill(path, text=TEXT).status_code == 403
    assert clerk.get(f"{PATH}?before=gate north&after=99").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ("waiting", "")),
        ({"digest": "", "state": "running"}, ("waiting", "")),
        ({"digest": "W", "state": "trial"}, ("trial", "")),
        ({"digest": "W", "state": "running"}, ("same", "")),
        (
            {"digest": "", "state": "running", "refused": "W", "how": "refused", "why": "no model"},
            ("refused", "no model"),
        ),
    ],
)
def test_the_fleet_page_says_what_became_of_it(manager, desk, said, expected):
    version = Configurations(desk.store).add("", TEXT, "x")
    digest = digest_of(version.values)
    said = {key: digest if value == "W" else value for key, value in said.items()}
    has_box(desk, "north", version="1", configuration=said)
    Rollouts(desk.store, desk.clock).start(version.id, "x")
    (line,) = overview(desk.store, desk.clock.utc())
    assert (line.configuration, line.why) == expected
    assert expected[1] in manager.get("/fleet").text


@pytest.mark.slow
def test_camera_figures_of_the_beat_are_on_the_page(manager, desk):
    figures = {"people": 40, "usable": 0.75, "light": 92, "sharpness": 31, "reason": "backlight"}
    has_box(desk, "north", version="1", cameras={"main": figures, "side": {"people": 0}})
    page = manager.get("/fleet").text
    assert "75 % of 40 usable, light 92, sharpness 31" in page
    assert "Light behind you" in page
    assert "side: nobody yet" in page
    with desk.store.database.read() as session:
        assert session.get(BoxRow, "north0123456789") is not None


def test_why_it_came_back_is_taken_apart():
    assert reason("a: grants: 95 % (n = 9) → 5 % (n = 9)") == (
        "a",
        "grants",
        "95 % (n = 9) → 5 % (n = 9)",
    )
    assert reason("b: not_ready") == ("b", "not_ready", "")
    assert reason("") == ("", "", "")
