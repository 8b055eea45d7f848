"""Every reason code a person may see. Their words are in ``gate/texts/locale/*/gate.po``."""

from __future__ import annotations

from typing import NamedTuple

from gate.texts.catalogue import Language, catalogue, word

REASONS: tuple[str, ...] = (
    # granted
    "welcome",
    "staff_order",
    "door_held_open",
    "emergency",
    "door_released",
    # granted, and something else besides
    "face_enrolled",
    "face_added",
    # nobody there, or somebody is being looked at
    "idle",
    "one_moment",
    "look_here",
    "too_far",
    "cut_off",
    "too_dark",
    "too_bright",
    "backlight",
    "blurred",
    "turned",
    "eyes_shut",
    "mask",
    "occluded",
    "measuring_again",
    # asked for more
    "face_doubtful",
    "look_alike",
    "child",
    "card_after_attack",
    "liveness_unknown",
    "card_too",
    "face_too",
    # refused: who it is
    "face_unknown",
    "picture",
    "face_is_not_the_cards",
    "nothing_shown",
    "nobody",
    "credential_missing",
    "credential_unchecked",
    "reader_slowed",
    "no_order",
    # refused: the card, PIN or permit
    "card_unreadable",
    "card_unknown",
    "card_revoked",
    "card_not_yet_valid",
    "card_expired",
    "pin_unknown",
    "pin_revoked",
    "pin_locked",
    "permit_unreadable",
    "permit_forged",
    "permit_not_yet_valid",
    "permit_expired",
    "permit_revoked",
    "permit_wrong_gate",
    "permit_used_up",
    "permit_uncounted",
    "permit_holder_unknown",
    # refused: the person
    "blocked",
    "inactive",
    "not_yet_valid",
    "expired",
    "not_this_kind",
    "not_this_group",
    "not_this_gate",
    "not_this_method",
    "not_this_schedule",
    "not_on_holidays",
    "clock_not_set",
    "lockdown",
    "already_passed",
    # temperature and entry status
    "temperature_high",
    "temperature_unknown",
    "status_bad",
    "status_unknown",
    # out of order
    "camera_fault",
    "door_fault",
    "face_fault",
    "disk_fault",
    "screen_offline",
    # the site's own controller
    "controller_refused",
    "controller_silent",
)


class Text(NamedTuple):
    """``head``: what it is, a few big words. ``then``: what to do next, may be empty."""

    head: str
    then: str = ""


def text(code: str, language: Language) -> Text:
    """The words for ``code``; a code without words is shown as it is."""
    return Text(word("reason", code, language), catalogue(language).get(f"then {code}", ""))


def recorded(code: str, language: Language) -> str:
    """What a record says of ``code``: what happened, where a screen says what to do now.

    "Leave now" is right on the screen during a fire and wrong as the reason of a past decision.
    """
    texts = catalogue(language)
    return texts.get(f"recorded {code}") or text(code, language).head
