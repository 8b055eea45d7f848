"""The ``[[reader]]`` section."""

from __future__ import annotations

import pytest

from gate.readers.settings import ReaderSettings


def test_an_osdp_reader_without_a_key_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        ReaderSettings(driver="osdp")
