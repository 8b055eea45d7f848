"""The marks "needs help" and "lives alone" in a table: kept only where the person agreed to them.

A list of an office says that somebody lives alone (独居：是); that is no agreement to be marked so.
Only words that are an answer count: 同意, agreed, 不同意, refused. A plain yes is a mistake of its
line, and a plain no has no effect. As with the face, a table takes back no "no" of the desk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from gate.importing.text import compact
from gate.importing.values import is_unasked
from gate.store.store import Store
from gate.store.tables import ConsentRow

MARKS = ("help", "alone")  # also the purposes of their consents
_ANSWERS = {
    **dict.fromkeys(
        (
            *("agreed", "agree", "agrees", "consented", "consents", "signed", "同意", "已同意"),
            *("本人同意", "我同意", "监护人同意", "同意标记", "已签", "已签字", "已签署", "已签名"),
        ),
        "agreed",
    ),
    **dict.fromkeys(
        (
            *("refused", "refuses", "refuse", "declined", "disagreed", "不同意", "未同意", "拒绝"),
            *("已拒绝", "不愿意", "不愿", "本人不同意", "不同意标记"),
        ),
        "refused",
    ),
    **dict.fromkeys(("withdrawn", "已撤回", "撤回", "撤回同意"), "withdrawn"),
}
_NOT_SO = {
    *("no", "n", "false", "0", "none", "nil", "否", "不是", "无", "没有", "不独居", "非独居"),
    *("不需要", "无需", "不用", "×", "✗", "✘"),
}


def mark(text: str) -> str:
    """ "agreed", "refused" or "withdrawn"; "" where it is not so or nobody was asked; else as it
    is written."""
    key = compact(text).rstrip("。.!,;")
    if key in _NOT_SO or is_unasked(key):
        return ""
    return _ANSWERS.get(key, text)


def mistakes(values: Mapping[str, str], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Column and what is wrong with it.

    Args:
        known: mark → the newest answer of the person in the register; nothing for somebody new.
    """
    for column in MARKS:
        said, before = values.get(column, ""), known.get(column, "")
        if not said or said == before:
            continue
        if said not in ("agreed", "refused", "withdrawn"):
            yield column, "says that it is so, not that the person agreed to the mark"
        elif said == "agreed" and before:
            yield column, "said no at the desk; ask there"
        elif said == "withdrawn":
            yield column, "is neither agreed nor refused"


def agreed(values: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Whether a line brings an agreement that the register does not have yet."""
    return any(values.get(mark) == "agreed" != known.get(mark, "") for mark in MARKS)


def record(session: Session, store: Store, person: int, values: dict[str, str], by: str) -> bool:
    """Keep the answers of a line that are new; whether there is any.

    A no that was said at the desk after the table was checked counts: the line does not change it.
    """
    new = False
    for purpose in MARKS:
        said = values.get(purpose, "")
        before = store.consents.answer_in(session, person, purpose)
        if not said or (before is not None and (before.answer == said or said == "agreed")):
            continue
        session.add(
            ConsentRow(
                person_id=person,
                purpose=purpose,
                answer=said,
                text_version="paper",
                language=values.get("locale", "zh"),
                asked_by=by,
                guardian=values.get("guardian", ""),
            )
        )
        new = True
    return new
