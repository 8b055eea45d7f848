"""A certificate that ends soon is pointed out while there is time to renew it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gate.config.settings import build
from gate.doctor.certificates import certificates, judged
from gate.doctor.finding import Level

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def made(begin: datetime, end: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gate")])
    one = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return one.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("begin", "end", "level", "says"),
    [
        (NOW - DAY, NOW + 31 * DAY, Level.OK, "2026-07-02"),
        (NOW - DAY, NOW + 29 * DAY, Level.WARN, "in 29 days"),
        (NOW - DAY, NOW + DAY, Level.WARN, "in 1 days"),
        (NOW - 2 * DAY, NOW - DAY, Level.BAD, "ended on 2026-05-31"),
        (NOW + DAY, NOW + 90 * DAY, Level.BAD, "begins only on 2026-06-02"),
    ],
)
def test_its_days_are_counted(
    begin: datetime, end: datetime, level: Level, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "gate.crt"
    path.write_bytes(made(begin, end))
    found = judged("[mqtt] certificate", path, "renew it", NOW)
    assert (found.level, says in found.says) == (level, True)
    assert bool(found.hint) == (level is not Level.OK)


def test_of_a_chain_the_first_end_counts_and_no_certificate_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "chain.pem"
    path.write_bytes(made(NOW - DAY, NOW + 900 * DAY) + made(NOW - DAY, NOW + 5 * DAY))
    assert judged("x", path, "", NOW).level is Level.WARN
    path.write_text("hello")
    assert judged("x", path, "", NOW).level is Level.BAD
    assert "No such file" in judged("x", tmp_path / "none", "", NOW).says


def test_those_in_use_are_looked_at(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for name, days in (("ca.crt", 900), ("gate.crt", 10), ("desk.crt", 90)):
        (tmp_path / name).write_bytes(made(now - DAY, now + days * DAY))
    mqtt = {"broker": "external", "ca": tmp_path / "ca.crt", "certificate": tmp_path / "gate.crt"}
    desk = {"certificate": tmp_path / "desk.crt", "certificate_key": tmp_path / "desk.key"}
    values = {"mqtt": mqtt | {"key": tmp_path / "gate.key"}, "desk": desk}
    found = list(certificates(build(values)))
    assert [one.level for one in found] == [Level.WARN, Level.OK, Level.OK]
    assert [one.says for one in certificates(build({}))] == ["none is used"]
