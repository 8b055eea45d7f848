"""ONVIF's own WSDL and XSD, as the PyPI package ``onvif-zeep-async`` carries them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gate.camera.onvif import soap

PACKAGE = "onvif-zeep-async==4.3.0"


class OnvifSchema:
    """Says what is wrong with a request or an answer; installs the package into ``folder``."""

    def __init__(self, folder: Path) -> None:
        xmlschema = pytest.importorskip("xmlschema")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        done = subprocess.run([*pip, str(folder), PACKAGE], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"{PACKAGE} cannot be installed here")
        wsdl = folder / "onvif" / "wsdl"
        self._schemas = {
            space: xmlschema.XMLSchema(str(_types(wsdl / name)), allow="local")
            for space, name in (
                (soap.NAMES["tds"], "devicemgmt.wsdl"),
                (soap.NAMES["trt"], "media.wsdl"),
            )
        }

    def errors(self, message: bytes) -> list[str]:
        """Of the body's only element; [] where it is as ONVIF says."""
        body = ElementTree.fromstring(message).find("s:Body", soap.NAMES)
        assert body is not None
        [element] = body
        space, name = element.tag[1:].split("}")
        kind = self._schemas[space].elements[name]
        return [str(error.reason) for error in kind.iter_errors(element)]


def _types(wsdl: Path) -> Path:
    """The schema inside a WSDL as a file beside it, with the WSDL's prefixes."""
    text = wsdl.read_text("utf-8")
    [schema] = re.findall(r"<xs:schema .*?</xs:schema>", text, re.S)
    own = schema[: schema.index(">")]
    outer = text[text.index("<wsdl:definitions") : text.index("<xs:schema")]
    wanted = [
        found
        for found in dict.fromkeys(re.findall(r'xmlns:\w+="[^"]*"', outer))
        if found.split("=")[0] + "=" not in own
    ]
    made = wsdl.with_suffix(".types.xsd")
    made.write_text(schema.replace("<xs:schema ", f"<xs:schema {' '.join(wanted)} ", 1))
    return made
