"""Values as people write them, made into what the register keeps. What cannot be read stays as
written, for the check to name it."""

from __future__ import annotations

import calendar
import re
from datetime import date

from gate.access.decision import Kind
from gate.errors import AccessError
from gate.importing.formats import day_of
from gate.importing.text import code, compact
from gate.readers.card_number import Form as CardForm
from gate.readers.card_number import canonical, of_number

KINDS = {
    **{kind.value: kind for kind in Kind},
    **dict.fromkeys(
        (
            *("居民", "业主", "住户", "户主", "家属", "亲属", "家庭成员", "业主家属", "业主本人"),
            *("owner", "family", "业主亲属", "常住", "自住", "房主", "本人", "業主", "住戶"),
        ),
        Kind.RESIDENT,
    ),
    **dict.fromkeys(
        ("租户", "租客", "承租人", "租房", "租住", "出租", "租赁", "租戶", "lessee", "renter"),
        Kind.TENANT,
    ),
    **dict.fromkeys(
        (
            *("员工", "物业", "工作人员", "保安", "保洁", "职工", "物业人员", "物业员工", "教师"),
            *("employee", "worker", "員工", "管理员"),
        ),
        Kind.STAFF,
    ),
    **dict.fromkeys(("护工", "保姆", "家政", "照料人", "月嫂", "阿姨", "nanny"), Kind.CARER),
    **dict.fromkeys(("访客", "客人", "来访", "临时", "guest", "訪客"), Kind.VISITOR),
}
ANSWERS = {
    **dict.fromkeys(
        (
            *("agreed", "agree", "yes", "y", "true", "t", "1", "ok", "consented"),
            *("同意", "是", "已同意", "已签", "已签字", "已签署", "已授权", "授权"),
            *("√", "✓", "✔", "☑", "✅", "v", "愿意", "签字", "是的", "已簽"),
        ),
        "agreed",
    ),
    **dict.fromkeys(
        (
            *("refused", "refuse", "no", "n", "false", "f", "0", "declined"),
            *("不同意", "否", "拒绝", "未同意", "未签", "不愿意", "×", "✗", "✘", "❌"),
            *("未授权", "不授权", "未签字"),
        ),
        "refused",
    ),
    **dict.fromkeys(("withdrawn", "已撤回", "撤回"), "withdrawn"),
}
# an empty mark, or words for it: nothing was asked yet, which is neither yes nor no
_UNASKED = {"待定", "未定", "未填", "未问", "待确认", "pending", "-", "—", "/", "待签"}
LOCALES = {
    **dict.fromkeys(("zh", "中文", "汉语", "普通话", "chinese", "zh-cn", "zh_cn", "国语"), "zh"),
    **dict.fromkeys(("en", "英文", "英语", "english", "en-us", "en_us", "en-gb"), "en"),
}
STATES = {
    **dict.fromkeys(("active", "在住", "正常", "启用", "有效"), "active"),
    **dict.fromkeys(("moved out", "movedout", "inactive", "已搬出", "搬出", "停用"), "moved_out"),
}
FOREVER = {
    *(
        "长期",
        "永久",
        "无",
        "长期有效",
        "永久有效",
        "无限期",
        "不限",
        "无期限",
        "-",
        "—",
        "/",
        "永远",
    ),
    *("none", "permanent", "forever", "unlimited", "n/a", "longterm", "long-term", "長期"),
}
ORDERS = ("ymd", "dmy", "mdy")
CARD_FORMS = ("decimal", "facility", "hex", "reversed")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_END = r"(?:[ T].*)?"
_YMD = re.compile(rf"([0-9]{{4}}) ?[-/.年] ?([0-9]{{1,2}}) ?[-/.月] ?([0-9]{{1,2}}) ?[日号]?{_END}")
_XXY = re.compile(rf"([0-9]{{1,2}}) ?[-/.] ?([0-9]{{1,2}}) ?[-/.] ?([0-9]{{4}}){_END}")
_XXX = re.compile(rf"([0-9]{{2}})([-/.年])([0-9]{{1,2}})[-/.月]([0-9]{{1,2}})[日号]?{_END}")
_SHORT = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})[-/.]([0-9]{{2}}){_END}")
_NAMED = re.compile(
    r"(?:([0-9]{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+|([A-Za-z]{3,9})\.? ([0-9]{1,2}),? )([0-9]{4})"
)
_LOST = re.compile(r"[-+]?[0-9](?:\.[0-9]+)?E\+[0-9]{1,3}|[-+]?[0-9]\.[0-9]+E[0-9]{1,3}", re.I)


def lost_digits(text: str) -> bool:
    """Whether a number was written with an exponent, as spreadsheets do when it is long."""
    return bool(_LOST.fullmatch(code(text)))


def days(text: str) -> dict[str, date]:
    """The day a text means: by "" when it can be read in one way, else by each order of
    ``ORDERS`` it can be read in; empty when it is no day.
    """
    written = code(text)
    if found := _YMD.fullmatch(written):
        return _single(*(int(part) for part in found.groups()))
    if re.fullmatch(r"[0-9]{8}", written):
        return _single(int(written[:4]), int(written[4:6]), int(written[6:]))
    if re.fullmatch(r"[2-7][0-9]{4}(\.[0-9]+)?", written):  # the serial number of 1954 to 2119
        day = day_of(float(written))
        return {"": day} if day else {}
    if found := _NAMED.fullmatch(written):
        month = _MONTHS.get((found[2] or found[3])[:3].lower(), 0)
        return _single(int(found[5]), month, int(found[1] or found[4]))
    if found := _XXY.fullmatch(written):
        one, two, year = (int(part) for part in found.groups())
        return _several({"dmy": (year, two, one), "mdy": (year, one, two)})
    if (found := _XXX.fullmatch(written)) and found[2] == "年":
        return _single(2000 + int(found[1]), int(found[3]), int(found[4]))
    if found := _XXX.fullmatch(written) or _SHORT.fullmatch(written):
        one, two, three = int(found[1]), int(found[3]), int(found[4])
        return _several(
            {
                "ymd": (2000 + one, two, three),
                "dmy": (2000 + three, two, one),
                "mdy": (2000 + three, one, two),
            }
        )
    try:
        return {"": date.fromisoformat(written)}
    except ValueError:
        return {}


def _single(year: int, month: int, day: int) -> dict[str, date]:
    try:
        return {"": date(year, month, day)}
    except ValueError:
        return {}


def _several(ways: dict[str, tuple[int, int, int]]) -> dict[str, date]:
    found = {}
    for order, parts in ways.items():
        for day in _single(*parts).values():
            found[order] = day
    return {"": next(iter(found.values()))} if len(set(found.values())) == 1 else found


def birth_year(text: str) -> str:
    """The year of a year or date of birth; as written when it is neither."""
    written = code(text)
    if found := re.fullmatch(r"([0-9]{4})(?:\.0+|年)?", written):
        return found[1]
    if found := re.fullmatch(r"([0-9]{4})[-/.年]([0-9]{1,2})月?", written):
        return found[1]
    years = {day.year for day in days(written).values()}
    serial = re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", written)
    return str(years.pop()) if len(years) == 1 and not serial else written


def cards(text: str) -> dict[str, str]:
    """The canonical number of a card: by "" when it can be read in one way, else by each form it
    can be read in. Raises AccessError when it is none.

    Fewer than ten digits have lost their leading zeros, or are facility and number or hexadecimal
    digits without a letter: what they are only the table as a whole can say.
    """
    written = code(text).upper()
    if not re.fullmatch(r"[0-9]{1,9}", written) or not int(written):
        return {"": canonical(written)}
    found = {"decimal": canonical(written.rjust(10, "0"))}
    if len(written) == 8 and written.startswith("00"):
        del found["decimal"]  # printed decimals have ten digits, these zeros were not lost
    if len(written) <= 8:
        for name, form in (("facility", CardForm.FACILITY), ("hex", CardForm.HEX)):
            try:
                found[name] = canonical(written.rjust(8, "0"), form)
            except AccessError:
                continue
    return {"": next(iter(found.values()))} if len(set(found.values())) == 1 else found


def card(text: str, form: str) -> str:
    """The canonical number under the form chosen for the table; raises AccessError.

    ``reversed``: the four bytes are in reverse order, as some readers send them.
    """
    found = cards(text)
    if form == "reversed":
        number = int(found.get("") or found.get("decimal") or found["hex"])
        return of_number(int.from_bytes(number.to_bytes(4, "big"), "little"))
    if "" in found:
        return found[""]
    if form not in found:
        raise AccessError("not a card number", hint="write it as printed")
    return found[form]


_BUILDING = (
    r"([0-9A-Za-z一二三四五六七八九十东西南北甲乙丙丁]+ ?(?:号楼|号院|号|楼|栋|幢|座|#)(?!单元))"
)
_HOME = re.compile(
    rf"(?P<before>.*?){_BUILDING}[ ,-]*"
    r"(?:(?P<entrance>[0-9A-Za-z一二三四五六七八九十]+) ?(?:单元|门)[ ,-]*)?"
    r"(?P<unit>[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?) ?(?:室|号|房|户)?"
)
_DASHED = re.compile(r"([0-9A-Za-z]+)[-－—#/]([0-9A-Za-z]+)(?:[-－—/]([0-9A-Za-z]+))?(?:室|号)?")


def home(text: str) -> tuple[str, str] | None:
    """Building and unit of an address in one cell: 3号楼2单元501, 3-2-501; None when unclear."""
    written = re.sub(r"\s+", "", code(text))
    if found := _HOME.fullmatch(written):
        return found[2], unit_of(found["entrance"] or "", found["unit"])
    if found := _DASHED.fullmatch(written):
        entrance = found[2] if found[3] else ""
        return found[1], unit_of(entrance, found[3] or found[2])
    return None


def unit_of(entrance: str, unit: str) -> str:
    """A flat with the entrance it is reached by: 2 and 501 → 2单元501."""
    if not entrance or not unit:
        return unit
    bare = entrance.removesuffix("单元").removesuffix("單元")
    return f"{bare}单元{unit}"


def answer(text: str) -> str:
    """ "agreed" or "refused"; "" where nobody was asked; as written when it is neither."""
    key = compact(text)
    return "" if key in _UNASKED else ANSWERS.get(key, text)


def kind(text: str) -> str:
    """One of ``Kind``, as its value; as written when it is none."""
    found = KINDS.get(compact(text))
    return found.value if found else text
