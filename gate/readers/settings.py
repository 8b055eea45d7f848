"""The ``[[reader]]`` sections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from gate.readers.card_number import Form
from gate.section import Section


class ReaderSettings(Section):
    """A reader of cards, permits or PINs, one section each; see docs/devices.md. Try one with
    ``gate simulate card``.
    """

    name: str = Field("reader", pattern=r"^[a-z0-9-]{1,20}$", description="its name in events")
    driver: Literal["rdm6300", "wedge", "scanner", "osdp"] = Field(
        "rdm6300",
        description="rdm6300 (125 kHz, serial), wedge (types like a keyboard), scanner (serial QR),"
        " osdp (RS-485)",
    )
    port: str = Field(
        "/dev/ttyUSB2", description="serial port, or for a wedge its /dev/input/by-id/…-event-kbd"
    )
    baud: int = Field(9600, ge=1200, le=921600, description="speed of the serial port")
    kind: Literal["card", "permit", "pin"] = Field(
        "card", description="what a wedge types; a serial scanner always reads permits"
    )
    form: Form = Field(
        Form.AUTO,
        description='how a wedge writes card numbers: "auto", "decimal", "hex" or "facility"',
    )
    byte_order: Literal["normal", "reversed"] = Field(
        "normal",
        description='"reversed" for a reader that sends the lowest byte of a card number first',
    )
    card_bits: Literal[24, 32] = Field(
        32,
        description="24 where some readers give only the low 24 bits of a card, the same for all "
        "readers; else 32",
    )
    confirm: int = Field(
        1,
        ge=1,
        le=5,
        description="rdm6300: equal frames in a row that make a card. Its check misses one in 256 "
        "frames with two errors; such a number is a stranger's, so one is enough except"
        " on a noisy cable",
    )
    address: int = Field(0, ge=0, le=126, description="OSDP: the reader's address")
    key: SecretStr = Field(
        SecretStr(""), description="OSDP: the secure-channel key, 32 hexadecimal digits"
    )

    @model_validator(mode="after")
    def _osdp_has_a_key(self) -> ReaderSettings:
        if self.driver == "osdp":
            digits = self.key.get_secret_value()
            if len(digits) != 32 or any(d not in "0123456789abcdefABCDEF" for d in digits):
                raise ValueError("an OSDP reader needs a key of 32 hexadecimal digits")
        return self
