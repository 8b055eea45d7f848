"""The gallery: snapshots that never change, memory that is overwritten."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import RecognitionError
from gate.recognition.face import Template
from gate.recognition.matching.gallery import Block, Gallery

WIDTH = 8


def vector(seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return rows / np.linalg.norm(rows)


def template(person: int, seed: int = 0, encoder: str = "e/1") -> Template:
    return Template(person, vector(1000 * person + seed), encoder)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 9), st.integers(1, 4)),
            st.tuples(st.just("remove"), st.integers(0, 9), st.just(0)),
        ),
        max_size=40,
    )
)
@pytest.mark.slow
def test_it_holds_what_was_added_and_not_removed(steps: list[tuple[str, int, int]]) -> None:
    gallery, expected = Gallery("e/1", WIDTH), {}
    for number, (what, person, count) in enumerate(steps):
        if what == "add":
            new = [template(person, 100 * number + i) for i in range(count)]
            gallery.add(new)
            expected[person] = expected.get(person, []) + [t.vector for t in new]
        else:
            gallery.remove(person)
            expected.pop(person, None)
        now = gallery.snapshot()
        assert set(now.people.tolist()) == set(expected)
        for each, rows in expected.items():
            assert np.array_equal(now.rows_of(each), np.stack(rows))
        assert now.owners.tolist() == np.repeat(now.people, now.counts).tolist()


def test_a_snapshot_stays_as_it_was() -> None:
    gallery = Gallery("e/1", WIDTH)
    before = gallery.add([template(1), template(2)])
    rows, people = before.rows.copy(), before.people.copy()
    gallery.add([template(3)])
    gallery.add([template(1, 5)])
    gallery.remove(2)
    assert np.array_equal(before.rows, rows)
    assert np.array_equal(before.people, people)
    assert gallery.snapshot().generation == before.generation + 3


def test_nobody_can_write_into_a_snapshot() -> None:
    snapshot = Gallery("e/1", WIDTH).add([template(1)])
    with pytest.raises(ValueError, match="read-only"):
        snapshot.rows[0] = 0


@pytest.mark.slow
def test_erased_rows_are_overwritten_once_no_reader_holds_them() -> None:
    gallery = Gallery("e/1", WIDTH)
    gallery.add([template(1), template(2)])
    memory = gallery._block._memory
    reader = gallery.snapshot()
    gallery.remove(1)
    assert memory[0].any()  # the reader is still at it
    rows = reader.rows
    del reader
    assert memory[0].any()  # a view keeps it too
    del rows
    gc.collect()
    assert not memory.any()


def test_a_block_is_zeros_after_its_last_view() -> None:
    block = Block(4, 3)
    memory, view = block._memory, block.rows()
    view[:] = 7
    part = view[1:2, :2]
    del block, view
    assert memory.any()
    del part
    assert not memory.any()


def test_a_block_that_is_partly_used_is_zeros_after_its_last_view() -> None:
    gallery = Gallery("e/1", WIDTH)
    gallery.add([template(1), template(2)])
    gallery.add([template(3)])  # into the room to spare
    memory = gallery._block._memory
    assert memory[:3].any(axis=1).all()
    gallery.replace([1, 2], [])
    assert not memory.any()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (template(1, encoder="other/1"), "encoder"),
        (Template(1, np.ones(WIDTH + 1, np.float32), "e/1"), "shape"),
        (Template(1, np.ones(WIDTH, np.float32), "e/1"), "unit length"),
        (Template(1, np.full(WIDTH, np.nan, np.float32), "e/1"), "unit length"),
    ],
)
def test_a_wrong_template_changes_nothing(wrong: Template, says: str) -> None:
    gallery = Gallery("e/1", WIDTH)
    gallery.add([template(7)])
    with pytest.raises(RecognitionError, match=says):
        gallery.add([template(8), wrong])
    assert gallery.snapshot().people.tolist() == [7]


def test_removing_somebody_unknown_is_no_change() -> None:
    gallery = Gallery("e/1", WIDTH)
    before = gallery.add([template(1)])
    assert gallery.remove(99) is before


def test_replacing_is_removing_and_adding_in_one_step() -> None:
    one, other = Gallery("e/1", WIDTH), Gallery("e/1", WIDTH)
    for gallery in (one, other):
        gallery.add([template(p, s) for p in range(9) for s in range(2)])
    changed, new = [2, 3, 7, 50], [template(3, 9), template(50), template(50, 1)]
    for person in changed:
        one.remove(person)
    one.add(new)
    before = other.snapshot().generation
    other.replace(changed, new)
    assert other.snapshot().generation == before + 1
    assert np.array_equal(one.snapshot().rows, other.snapshot().rows)
    assert one.snapshot().people.tolist() == other.snapshot().people.tolist()
    assert one.snapshot().starts.tolist() == other.snapshot().starts.tolist()
    with pytest.raises(RecognitionError, match="encoder"):
        other.replace([2, 3], [template(2), template(3, encoder="other/1")])
    assert np.array_equal(one.snapshot().rows, other.snapshot().rows)


def test_filling_is_adding_everybody_at_once() -> None:
    one, other = Gallery("e/1", WIDTH), Gallery("e/1", WIDTH)
    new = [template(p, s) for p in (1, 4, 6) for s in range(p)]
    one.add(new)
    other.add([template(77)])
    other.fill(np.array([t.person for t in new]), np.stack([t.vector for t in new]))
    assert np.array_equal(one.snapshot().rows, other.snapshot().rows)
    assert one.snapshot().people.tolist() == other.snapshot().people.tolist()
    assert one.snapshot().starts.tolist() == other.snapshot().starts.tolist()
    with pytest.raises(RecognitionError, match="unit length"):
        other.fill(np.array([1]), np.full((1, WIDTH), np.nan, np.float32))
    with pytest.raises(RecognitionError, match="shape"):
        other.fill(np.array([1]), np.ones((1, WIDTH + 1), np.float32))


def test_a_large_block_is_used_again_and_holds_nothing_of_before() -> None:
    first = Block(1 << 11, 1 << 10)
    memory = first._memory
    first.rows()[:] = 7
    del first
    second = Block((1 << 11) - 100, 1 << 10)
    assert second._memory is memory
    assert second.rows().shape == ((1 << 11) - 100, 1 << 10)
    assert not second.rows().any()
