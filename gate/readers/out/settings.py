"""The ``[reader_out]`` section."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from gate.errors import ConfigurationError
from gate.readers.out import converter
from gate.readers.out.card_formats import encode, parse
from gate.section import Section

Colour = Literal["red", "green", "amber", "blue", "magenta", "cyan", "white"]


class ReaderOutSettings(Section):
    """The gate as a reader of a controller the site has; see docs/reader-out.md."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {"offset", "grants", "denies", "output_grants", "within"}
    )

    enabled: bool = Field(False, description="whether the gate is a reader of another controller")
    driver: Literal["osdp", "converter"] = Field(
        "osdp",
        description="an OSDP line, or a converter that takes digits and sends them as Wiegand",
    )
    port: str = Field("/dev/ttyUSB3", description="the serial port of this line")
    baud: int = Field(9600, ge=1200, le=921600, description="speed of the line")
    address: int = Field(0, ge=0, le=126, description="the gate's OSDP address on the line")
    key: SecretStr = Field(
        SecretStr(""), description="the secure-channel key, 32 hexadecimal digits"
    )
    decides: Literal["controller", "both", "gate"] = Field(
        "controller",
        description="who opens: the controller alone (the gate's own door is off), both must "
        "agree and the gate opens, or the gate alone and the controller is only informed",
    )
    format: str = Field(
        "wiegand-26",
        description='the format of card numbers: "wiegand-26", "wiegand-34", "wiegand-37", '
        '"wiegand-37-facility", or a layout of F (facility), N (number), P (parity), 0 and 1',
    )
    parity: tuple[str, ...] = Field(
        (),
        description='for a layout of your own: a rule for each P, e.g. ["even 1-12", "odd 13-24"]',
    )
    facility: int = Field(0, ge=0, description="the facility code that is sent")
    digits: str = Field(
        "FFFNNNNN",
        description="of a converter: the digits it takes, F of the facility and N of the number, "
        "or C of both as one number",
    )
    ending: str = Field("\n\r", description="of a converter: what follows the digits", max_length=8)
    number: Literal["number", "id"] = Field(
        "number",
        description="what is sent of a person: the community's own number of the register, or "
        "the gate's number of the person plus offset",
    )
    offset: int = Field(0, ge=0, description='added to the number with number = "id"')
    grants: frozenset[Colour] = Field(
        frozenset({"green"}), description="colours of the light by which the controller says yes"
    )
    denies: frozenset[Colour] = Field(
        frozenset({"red"}), description="colours of the light by which the controller says no"
    )
    output_grants: bool = Field(
        False, description="whether an output switched on by the controller says yes"
    )
    within: float = Field(
        3.0, ge=0.2, le=30, description="seconds to wait for the controller's answer"
    )

    @model_validator(mode="after")
    def _complete(self) -> ReaderOutSettings:
        digits = self.key.get_secret_value()
        if (
            self.enabled
            and self.driver == "osdp"
            and (len(digits) != 32 or any(d not in "0123456789abcdefABCDEF" for d in digits))
        ):
            raise ValueError("key must be 32 hexadecimal digits")
        if self.grants & self.denies:
            raise ValueError("a colour cannot say yes and no")
        if not self.answers and self.decides == "both":
            raise ValueError("a converter brings no answer: decides is controller or gate")
        if not self.ending.isascii():
            raise ValueError("the ending must be ASCII")
        try:
            converter.check(self.digits)
            form = parse(self.format, self.parity)
        except ConfigurationError as error:
            raise ValueError(error.what) from None
        if encode(form, 1, self.facility) is None:
            raise ValueError(f"facility needs more than {form.facility_bits} bits")
        return self

    @property
    def answers(self) -> bool:
        """Whether the controller's answer comes back."""
        return self.driver == "osdp"
