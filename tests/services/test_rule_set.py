from collections.abc import Iterable
from pathlib import Path

import pytest

from gate.access.decision import Person
from gate.config.settings import build
from gate.services.rule_set import People, build_context
from gate.store.store import Store


@pytest.mark.parametrize(
    ("policy", "alone"), [("off", 0.15), ("record", 0.15), ("advise", 0.15), ("require", 1.0)]
)
def test_who_was_measured_steps_aside_where_a_temperature_can_refuse(
    tmp_path: Path, policy: str, alone: float
) -> None:
    settings = build({"data": str(tmp_path), "temperature": {"policy": policy, "port": "/dev/x"}})
    with Store.open(settings.store, tmp_path) as store:
        passage = build_context(settings, store).settings
    assert min(passage.make_room, passage.show_grant) == alone


@pytest.mark.parametrize("view", [(), (0.2, 0.2, 0.8, 0.8)])
def test_a_thermometer_with_a_view_tells_people_apart(
    tmp_path: Path, view: tuple[float, ...]
) -> None:
    warm = {"policy": "advise", "port": "/dev/x", "view": view}
    settings = build({"data": str(tmp_path), "temperature": warm})
    with Store.open(settings.store, tmp_path) as store:
        assert build_context(settings, store).tells_apart is bool(view)


def test_only_who_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = build({"data": str(tmp_path)})
    with Store.open(settings.store, tmp_path) as store:
        numbers = store.people.create_many({"name": f"p{n}"} for n in range(50))
        people, asked = People(store), []
        really = store.people.register

        def register(only: Iterable[int] | None = None) -> dict[int, Person]:
            asked.append(None if only is None else sorted(only))
            return really(only)

        monkeypatch.setattr(store.people, "register", register)
        before = people.now()
        store.people.update(numbers[3], blocked=True)
        store.people.delete(numbers[4])
        added = store.people.create("new").id
        after = build_context(settings, store, people).people
        assert asked == [None, [numbers[3], numbers[4], added]]
        assert people.now() is after, "nothing changed since"
        assert after == really()
        assert before[numbers[3]].blocked == ""
        assert numbers[4] in before
