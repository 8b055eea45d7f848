from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gate.replica.lease import Lease

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = 3600.0


def test_it_is_over_after_its_time_without_contact() -> None:
    lease = Lease.begun(NOON, 24 * HOUR)
    assert not lease.later(24 * HOUR, NOON).over
    assert lease.later(24 * HOUR + 1, NOON).over


def test_a_clock_that_jumps_while_the_box_runs_changes_nothing() -> None:
    lease = Lease.begun(NOON, 24 * HOUR)
    assert not lease.later(60, NOON + timedelta(days=3650)).over
    assert lease.later(25 * HOUR, NOON - timedelta(days=3650)).over


def test_the_time_it_was_switched_off_counts() -> None:
    kept = Lease.begun(NOON, 24 * HOUR).later(20 * HOUR, NOON).value()
    assert not Lease.kept(kept, NOON + timedelta(hours=3)).over
    assert Lease.kept(kept, NOON + timedelta(hours=5)).over


def test_a_clock_set_back_while_it_was_off_gives_no_time_back() -> None:
    kept = Lease.begun(NOON, 24 * HOUR).later(20 * HOUR, NOON).value()
    lease = Lease.kept(kept, NOON - timedelta(days=300))
    assert lease.away == 20 * HOUR
    assert lease.later(5 * HOUR, NOON).over


def test_a_box_that_was_never_switched_off_begins_a_lease() -> None:
    for nothing in (None, {}):
        assert Lease.kept(nothing, NOON) == Lease.begun(NOON)


def test_the_moment_until_which_it_was_counted_is_kept() -> None:
    later = NOON + timedelta(hours=20)
    lease = Lease.begun(NOON, 24 * HOUR).later(20 * HOUR, later)
    assert lease.at == later
    assert not Lease.kept(lease.value(), later + timedelta(hours=4)).over
