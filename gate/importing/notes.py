"""What is noted at a line of an import: codes in the database, words for people.

A note is ``photograph: code; #person: code; code``; where a photograph could not be read at all
the words of that error replace a code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gate.recognition.face import Unusable
from gate.services.enrolment import Fault

LONGEST = 300
LONGEST_NAME = 100  # of a photograph
LOOKALIKE, DOUBLE = "lookalike", "enrolled_twice"
SAID_NO, MOVED_OUT, ANOTHERS_CARD = "said_no", "moved_out", "anothers_card"
WORDS: dict[str, str] = {
    Fault.NO_FACE: "no face in it",
    Fault.SEVERAL_FACES: "several faces in it",
    Fault.OTHER_PERSON: "somebody else than on the other photographs",
    Unusable.TOO_FAR: "the face is too small",
    Unusable.CUT_OFF: "the face is cut off",
    Unusable.TOO_DARK: "the face is too dark",
    Unusable.TOO_BRIGHT: "the face is too bright",
    Unusable.BACKLIGHT: "the light is behind the face",
    Unusable.BLURRED: "the face is blurred",
    Unusable.TURNED: "the face is turned away",
    Unusable.EYES_SHUT: "the eyes are shut",
    Unusable.MASK: "a mask covers the face",
    Unusable.OCCLUDED: "the face is covered",
    LOOKALIKE: "looks like them",
    DOUBLE: "perhaps the same person",
    SAID_NO: "said no at the desk; ask there",
    MOVED_OUT: "has moved out; take them back at the desk first",
    ANOTHERS_CARD: "the card belongs to somebody else",
}

_AGAIN = "take another photograph and enrol at the desk, or import the line again with it"
TO_DO: dict[str, str] = {
    **dict.fromkeys((Fault.NO_FACE, *Unusable), _AGAIN),
    Fault.SEVERAL_FACES: "pick the face on the page of the import",
    Fault.OTHER_PERSON: "look at the photographs: they show different people",
    LOOKALIKE: "both can be asked for a card as well: page Look-alikes",
    DOUBLE: "decide on the page of the import: one person or two",
    SAID_NO: "ask the person at the desk",
    MOVED_OUT: "take the person back at the desk, then import the line again",
    ANOTHERS_CARD: "read the card at the desk",
}


def note(parts: Iterable[tuple[str, str]]) -> str:
    """Whole parts, as many as there is room for; each is whom or what it is of, and its code."""
    kept = ""
    for which, code in parts:
        part = f"{which[:LONGEST_NAME]}: {code}" if which else code
        longer = f"{kept}; {part}" if kept else part
        if len(longer) > LONGEST:
            break
        kept = longer
    return kept


def parts_of(noted: str) -> list[tuple[str, str]]:
    """What ``note`` was made of."""
    parts = [part.rpartition(": ") for part in noted.split("; ") if part]
    return [(which, code) for which, _, code in parts]


def in_words(noted: str, translate: Callable[[str], str] = str) -> str:
    """A note as people read it."""
    reported = [(which, translate(WORDS.get(code, code))) for which, code in parts_of(noted)]
    return "; ".join(f"{which}: {words}" if which else words for which, words in reported)


def to_do(noted: str, translate: Callable[[str], str] = str) -> str:
    """What staff are to do about a note, each thing once; "" when there is nothing."""
    codes = [code for _, code in parts_of(noted)]
    advice = [TO_DO.get(code, "look at the file and import the line again") for code in codes]
    return "; ".join(translate(text) for text in dict.fromkeys(advice))


def resembles(noted: str) -> bool:
    """Whether somebody is named whom the gate may take this person for."""
    return any(code in (LOOKALIKE, DOUBLE) for _, code in parts_of(noted))
