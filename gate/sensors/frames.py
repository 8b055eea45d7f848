"""Finding frames of fixed length in a stream that may lose, gain and change bytes."""

from __future__ import annotations

from collections.abc import Callable


def split(
    buffer: bytes, header: bytes, length: int, valid: Callable[[bytes], bool], quiet: bool
) -> tuple[list[bytes], bytes]:
    """The frames of ``buffer`` and what remains to be put before the next bytes.

    A frame counts when its check agrees and what follows is a header again, or nothing because
    the line has fallen quiet: a lost or doubled byte can make one checksum agree by chance, but
    it cannot also put the next header in its place.

    Args:
        buffer: what remained before, and the new bytes.
        header: the first bytes of every frame.
        length: of a frame with header and check, in bytes.
        valid: whether the check of a frame agrees.
        quiet: no byte came for longer than the pause inside a frame.
    """
    frames: list[bytes] = []
    at = buffer.find(header)
    while at >= 0:
        after = buffer[at + length : at + length + len(header)]
        complete = len(buffer) - at >= length
        if not quiet and (not complete or (after != header and header.startswith(after))):
            return frames, buffer[at:]
        followed = after == header or (quiet and not after)
        if complete and followed and valid(buffer[at : at + length]):
            frames.append(buffer[at : at + length])
            at = buffer.find(header, at + length)
        else:
            at = buffer.find(header, at + 1)
    if quiet:
        return frames, b""
    return frames, _beginning(buffer, header)


def _beginning(buffer: bytes, header: bytes) -> bytes:
    """The end of ``buffer`` that may become a header."""
    for size in range(len(header) - 1, 0, -1):
        if buffer.endswith(header[:size]):
            return header[:size]
    return b""
