"""Two configurations, key by key."""

from __future__ import annotations

from gate.config.compare import differences, reference


def test_only_what_differs_is_named_with_both_values_and_the_words_of_the_reference() -> None:
    before = {"recognition": {"encoder": "dlib", "patience": 0.6}, "door": {"unlock": 3.0}}
    after = {"recognition": {"encoder": "sface", "patience": 0.6}, "screen": {"languages": ["zh"]}}
    found = differences(before, after)
    assert [(one.key, one.before, one.after, one.default) for one in found] == [
        ("door.unlock", "3.0", "", "3.0"),
        ("recognition.encoder", '"dlib"', '"sface"', '"auto"'),
        ("screen.languages", "", '["zh"]', '["zh", "en"]'),
    ]
    assert found[0].text == "how long a grant releases the lock"
    assert differences(after, after) == []


def test_keys_of_inner_sections_are_found() -> None:
    (one,) = differences({}, {"quality": {"gate": {"size": 30}}})
    assert (one.key, one.text) == ("advanced.quality.gate.size", "pixels between the eyes")
    assert "recognition.encoder" in reference()


def test_a_key_that_moved_is_the_same_key() -> None:
    old = {"recognition": {"interval": 0.3}}
    new = {"advanced": {"recognition": {"interval": 0.3}}}
    assert differences(old, new) == []
    (one,) = differences(old, {"advanced": {"recognition": {"interval": 0.4}}})
    assert (one.key, one.before, one.after) == ("advanced.recognition.interval", "0.3", "0.4")
