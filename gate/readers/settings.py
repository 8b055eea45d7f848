"""The ``[[reader]]`` sections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from gate.readers.card_number import Form
from gate.section import Section


class ReaderSettings(Section):
    """One reader of cards, permits or PINs."""

    name: str = Field("reader", pattern=r"^[a-z0-9-]{1,20}$")
    driver: Literal["rdm6300", "wedge", "scanner", "osdp"] = "rdm6300"
    # serial port, or for a wedge its /dev/input/by-id/…-event-kbd
    port: str = "/dev/ttyUSB2"
    baud: int = Field(9600, ge=1200, le=921600)
    # what a wedge types; a serial scanner always reads permits
    kind: Literal["card", "permit", "pin"] = "card"
    # how a wedge writes card numbers
    form: Form = Form.AUTO
    # reversed: the reader sends the lowest byte of a card number first
    byte_order: Literal["normal", "reversed"] = "normal"
    # 24: only the low 24 bits count, for houses where some readers give no more
    card_bits: Literal[24, 32] = 32
    # rdm6300: equal frames in a row that make a card. Its check misses one in 256 frames with two
    # errors; such a number is a stranger's, so one is enough except on a noisy cable
    confirm: int = Field(1, ge=1, le=5)
    # a card lying on the reader is one claim until it was away for this long
    repeat: float = Field(1.5, ge=0, le=60)
    # an unfinished line of a wedge is given up after this long without a key
    patience: float = Field(10.0, gt=0, le=120)
    retry_first: float = Field(0.5, gt=0, le=60)
    retry_most: float = Field(30.0, gt=0, le=600)
    # OSDP: the reader's address and its secure-channel key, 32 hexadecimal digits
    address: int = Field(0, ge=0, le=126)
    key: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _osdp_has_a_key(self) -> ReaderSettings:
        if self.driver == "osdp":
            digits = self.key.get_secret_value()
            if len(digits) != 32 or any(d not in "0123456789abcdefABCDEF" for d in digits):
                raise ValueError("an OSDP reader needs a key of 32 hexadecimal digits")
        return self
