"""Notes of an import: codes, as many whole ones as there is room for, read back as words."""

from __future__ import annotations

from gate.importing.notes import DOUBLE, LONGEST, LOOKALIKE, in_words, note, parts_of, resembles
from gate.importing.wrong import Wrong


def test_a_note_is_read_back_as_it_was_written() -> None:
    parts = [("a: b.jpg", "no_face"), ("#7", DOUBLE), ("", "other_person")]
    assert parts_of(note(parts)) == parts
    assert note([]) == ""
    assert parts_of("") == []


def test_no_part_is_cut_in_two() -> None:
    many = [(f"#{number:06}", LOOKALIKE) for number in range(100)]
    noted = note(many)
    assert len(noted) <= LONGEST
    kept = parts_of(noted)
    assert len(kept) > 10
    assert kept == many[: len(kept)]
    assert parts_of(note([("x" * 2000, "blurred")]))[0][1] == "blurred"


def test_words_stand_for_codes_and_a_readers_language_for_words() -> None:
    noted = note([("a.jpg", "no_face"), ("{b}.jpg", "The photograph is damaged"), ("", "blurred")])
    assert in_words(noted) == (
        "a.jpg: no face in it; {b}.jpg: The photograph is damaged; the face is blurred"
    )
    assert in_words(noted, str.upper).startswith("a.jpg: NO FACE IN IT; {b}.jpg: THE")


def test_only_who_resembles_somebody_is_said_to() -> None:
    assert resembles(note([("a.jpg", "blurred"), ("#7", LOOKALIKE)]))
    assert resembles(note([("#7", DOUBLE)]))
    assert not resembles(note([("#7.jpg", "no_face")]))


def test_a_mistake_names_what_it_is_about_whatever_its_name_holds() -> None:
    for name in ("{0}.jpg", "{which}.jpg", "{", "a}b{c!r:>9}", "照片.jpg"):
        assert Wrong(2, "photo", "{which} is not there", name).what == f"{name} is not there"
        damaged = Wrong(2, "photo", "The photograph is damaged", name)
        assert damaged.what == f"{name}: The photograph is damaged"
        assert damaged.words(lambda text: "照片已损坏") == f"{name}: 照片已损坏"
    assert Wrong(2, "card", "not a card number").what == "not a card number"


def test_every_note_says_what_to_do_in_both_languages():
    from gate.importing.notes import TO_DO, WORDS, to_do
    from gate.texts.catalogue import translator

    assert set(TO_DO) == set(WORDS)
    for code in WORDS:
        noted = note([("a.jpg", code)])
        assert to_do(noted)
        assert not to_do(noted, translator("zh")).isascii()
    assert to_do("") == ""
    assert to_do(note([("a.jpg", "blurred"), ("b.jpg", "too_dark")])).count("photograph") == 1
