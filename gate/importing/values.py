"""Values as people write them, made into what the register keeps. What cannot be read stays as
written, for the check to name it."""

from __future__ import annotations

import re

from gate.access.decision import Kind
from gate.errors import AccessError
from gate.importing.text import code, compact
from gate.readers.card_number import UID_BYTES, canonical, of_bytes
from gate.readers.card_number import Form as CardForm

KINDS = {
    **{kind.value: kind for kind in Kind},
    **dict.fromkeys(
        (
            *("居民", "业主", "住户", "户主", "家属", "亲属", "家庭成员", "业主家属", "业主本人"),
            *("owner", "family", "业主亲属", "常住", "自住", "房主", "本人", "業主", "住戶"),
            *("业主家人", "家人", "房东", "产权人", "权利人", "同住人", "共同居住人", "常住人口"),
            *("常住人员", "自住业主", "户主本人", "子女", "配偶", "父母", "老人", "小孩", "儿童"),
            *("妻子", "丈夫", "儿子", "女儿", "父亲", "母亲", "孙子", "孙女", "爱人", "家眷"),
            *("業主家屬", "家屬", "householder", "homeowner", "landlord", "familymember"),
            *("owneroccupier", "owner-occupier", "spouse", "child", "居住者", "本户", "户内人员"),
        ),
        Kind.RESIDENT,
    ),
    **dict.fromkeys(
        (
            *("租户", "租客", "承租人", "租房", "租住", "出租", "租赁", "租戶", "lessee", "renter"),
            *("租赁户", "租房户", "承租", "承租方", "承租户", "房客", "合租", "合租户", "租房人"),
            *("短租", "长租", "短租户", "长租户", "租住人员", "租赁人员", "租房人员", "二房东"),
            *("租客家属", "租户家属", "租戶家屬", "subtenant", "lodger", "流动人口", "承租戶"),
        ),
        Kind.TENANT,
    ),
    **dict.fromkeys(
        (
            *("员工", "物业", "工作人员", "保安", "保洁", "职工", "物业人员", "物业员工", "教师"),
            *("employee", "worker", "員工", "管理员", "物管", "保安员", "保洁员", "保洁人员"),
            *("安保", "安保人员", "安保员", "维修工", "维修人员", "水电工", "绿化工", "园丁"),
            *("清洁工", "清洁员", "物业管理", "物业工作人员", "物业保安", "物业保洁", "老师"),
            *("门卫", "教职工", "guard", "securityguard", "cleaner", "caretaker", "janitor"),
            *("propertymanagement", "propertystaff", "management", "teacher", "staffmember"),
        ),
        Kind.STAFF,
    ),
    **dict.fromkeys(
        (
            *("护工", "保姆", "家政", "照料人", "月嫂", "阿姨", "nanny", "住家保姆", "育儿嫂"),
            *("钟点工", "小时工", "家政人员", "家政服务", "家政服务员", "护理", "护理员", "看护"),
            *("陪护", "陪护人员", "照护人", "照护人员", "照顾者", "育婴师", "保姆/护工", "傭人"),
            *("家傭", "外傭", "caregiver", "careworker", "helper", "domestichelper", "nurse"),
            *("housekeeper", "maid", "aupair", "babysitter", "domesticworker"),
        ),
        Kind.CARER,
    ),
    **dict.fromkeys(
        (
            *("访客", "客人", "来访", "临时", "guest", "訪客", "来访人员", "临时人员", "外来人员"),
            *("来客", "亲友", "朋友", "临时访客", "外来访客", "來訪", "caller", "temporary"),
        ),
        Kind.VISITOR,
    ),
}
ANSWERS = {
    **dict.fromkeys(
        (
            *("agreed", "agree", "yes", "y", "true", "t", "1", "ok", "consented", "agrees"),
            *("consent", "accepted", "accept", "approved", "signed", "given", "granted"),
            *("同意", "是", "已同意", "已签", "已签字", "已签署", "已授权", "授权", "同意采集"),
            *("√", "✓", "✔", "☑", "✅", "v", "愿意", "签字", "是的", "已簽", "已簽署", "已授權"),
            *("已签名", "签名", "签了", "同意书已签", "已签同意书", "可以", "可", "允许", "准许"),
            *("对", "同意人脸识别", "同意使用人脸", "同意人脸", "同意使用", "本人同意"),
            *("监护人同意",),
            *("我同意", "愿意使用", "接受", "[x]", "[√]", "(√)", "🗸", "√√", "1.0"),
        ),
        "agreed",
    ),
    **dict.fromkeys(
        (
            *("refused", "refuse", "no", "n", "false", "f", "0", "declined", "disagree"),
            *("disagreed", "denied", "rejected", "notagreed", "decline", "refuses", "0.0"),
            *("不同意", "否", "拒绝", "未同意", "未签", "不愿意", "×", "✗", "✘", "❌", "✖", "✕"),
            *("╳", "未授权", "不授权", "未签字", "不同意人脸", "不同意人脸识别", "不", "不可以"),
            *("不允许", "不接受", "反对", "已拒绝", "拒签", "不愿", "不签", "未签署", "不需要"),
            *("不使用", "拒絕", "未簽", "不願意", "未授權", "不采集", "不使用人脸", "我不同意"),
        ),
        "refused",
    ),
    **dict.fromkeys(("withdrawn", "已撤回", "撤回", "已撤销", "撤销", "撤回同意"), "withdrawn"),
}
# an empty mark, or words for it: nothing was asked yet, which is neither yes nor no
_UNASKED = {
    *("待定", "未定", "未填", "未问", "待确认", "pending", "-", "--", "—", "——", "/", "\\", "待签"),
    *("□", "☐", "[]", "()", "空", "空白", "未询问", "未答复", "待回复", "待签字", "未回复"),
    *("n/a", "na", "notasked", "unknown", "未知", "tbd", "?"),
}
# no card: what people write where a resident has none
_NO_CARD = {
    *("无", "无卡", "没有", "未办", "未办卡", "待办", "-", "--", "—", "——", "/", "\\", "未发"),
    *("暂无",),
    *("未发卡", "没卡", "n/a", "na", "none", "nil", "no", "nocard", "無", "無卡", "未领", "未领卡"),
}
LOCALES = {
    **dict.fromkeys(("zh", "中文", "汉语", "普通话", "chinese", "zh-cn", "zh_cn", "国语"), "zh"),
    **dict.fromkeys(("en", "英文", "英语", "english", "en-us", "en_us", "en-gb"), "en"),
}
# nobody in a column of names; in any other nothing is said by them
NOTHING = {
    *("无", "無", "没有", "暂无", "空白", "none", "nil", "n/a"),
    *("/", "//", "\\", "-", "--", "---", "—", "——", "×"),
}
STATES = {
    **dict.fromkeys(
        (
            *(
                "active",
                "在住",
                "正常",
                "启用",
                "有效",
                "居住",
                "居住中",
                "已入住",
                "入住",
                "入住中",
            ),
            *("自住", "常住", "在册", "现住", "已启用", "正常居住", "在职", "在租", "租住中"),
            *("租住", "暂住", "长住", "长期居住", "借住", "同住", "有人", "有人居住", "居住正常"),
            *("在用", "使用中", "正常使用", "已发卡", "已发", "已领卡", "已领取", "已开通", "开通"),
            *("owneroccupied", "livingin", "inuse", "issued"),
            *("审核通过", "已审核", "已通过", "已认证", "已激活"),
            *("livinghere", "occupied", "current", "enabled", "valid", "normal", "resident"),
        ),
        "active",
    ),
    **dict.fromkeys(
        (
            *("moved out", "movedout", "inactive", "已搬出", "搬出", "停用", "已搬走", "搬走"),
            *(
                "已搬离",
                "搬离",
                "已迁出",
                "迁出",
                "已迁走",
                "迁走",
                "已退租",
                "退租",
                "已退房",
                "退房",
            ),
            *(
                "已离开",
                "离开",
                "已停用",
                "已注销",
                "注销",
                "失效",
                "已失效",
                "无效",
                "禁用",
                "已禁用",
            ),
            *(
                "离职",
                "已离职",
                "已过期",
                "过期",
                "到期",
                "已到期",
                "死亡",
                "已死亡",
                "去世",
                "已去世",
            ),
            *("已故", "亡故", "冻结", "已冻结", "黑名单", "已售出", "已出售", "已卖", "已转让"),
            *("left", "gone", "deceased", "dead", "disabled", "cancelled", "canceled", "expired"),
            *("blocked", "suspended", "former", "terminated", "resigned", "invalid", "deleted"),
        ),
        "moved_out",
    ),
}
# 是否在住, and nothing else: a note that says no is none about somebody's having gone. Of 1 and 0
# either may be what is in order, as in many programs' tables of users: they are asked about
_YES_OR_NO = {
    **dict.fromkeys(("是", "yes", "y", "true", "√", "✓", "✔"), "active"),
    **dict.fromkeys(("否", "no", "n", "false", "×", "✗", "✘"), "moved_out"),
}
_NO_PHONE = re.compile(
    r"(?:暂|均|家中|本人)?(?:无|没有?|未|不|拒绝?)[^0-9]{0,6}|暂缺|保密|空号|停机|(?:no|none|not|un)[^0-9]{0,12}"
)
CARD_FORMS = ("decimal", "facility", "hex", "reversed")
_LOST = re.compile(r"[-+]?[0-9](?:\.[0-9]+)?E\+[0-9]{1,3}|[-+]?[0-9]\.[0-9]+E[0-9]{1,3}", re.I)


def lost_digits(text: str) -> bool:
    """Whether a number was written with an exponent, as spreadsheets do when it is long."""
    return bool(_LOST.fullmatch(code(text)))


def cards(text: str) -> dict[str, str]:
    """The canonical number of a card: by "" when it can be read in one way, else by each form it
    can be read in. Raises AccessError when it is none.

    Fewer than ten digits have lost their leading zeros, or are facility and number or hexadecimal
    digits without a letter: what they are only the table as a whole can say.
    """
    written, form = _bare_card(text)
    if form is not CardForm.AUTO or not re.fullmatch(r"[0-9]{1,9}", written) or not int(written):
        return {"": canonical(written, form)}
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
        digits = found.get("") or found.get("decimal") or found["hex"]
        size = UID_BYTES if len(digits) > 10 else 4
        turned = of_bytes(int(digits), size, reversed_bytes=True)
        if turned is None:
            raise AccessError("not a card number", hint="write it as printed")
        return turned
    if "" in found:
        return found[""]
    if form not in found:
        raise AccessError("not a card number", hint="write it as printed")
    return found[form]


def no_card(text: str) -> bool:
    """Whether a cell says that somebody has no card."""
    return compact(text) in _NO_CARD


def _bare_card(text: str) -> tuple[str, CardForm]:
    """A card without what is written around it: ID:0004523608, 0x045C3A12, 04 5C 3A 12."""
    written = code(text).upper()
    written = re.sub(
        r"^(?:(?:ID|IC|NO|CARD|卡号|编号)[.#]?[:：]? ?|[#'])(?=[0-9A-F]{3})", "", written
    )
    if re.fullmatch(r"[0-9A-F]{2}([ :-])(?:[0-9A-F]{2}\1){2,5}[0-9A-F]{2}", written):
        return re.sub(r"[ :-]", "", written), CardForm.HEX
    if found := re.fullmatch(r"0X([0-9A-F]{6,14})|([0-9A-F]{6,14})H", written):
        return found[1] or found[2], CardForm.HEX
    digits = written.replace(" ", "")
    if re.fullmatch(r"[0-9]{10}", digits):
        return digits, CardForm.AUTO  # ten digits in groups
    return re.sub(r"(?<=[0-9])\.0+$", "", written), CardForm.AUTO


def says_nothing(column: str, text: str) -> bool:
    """Whether a cell says that there is none of what its column holds: 无, / and, of a telephone,
    无电话, 未提供 or 不详."""
    return no_card(text) or (column == "phone" and bool(_NO_PHONE.fullmatch(compact(text))))


def state(text: str) -> str:
    """ "active" or "moved_out"; "" when nothing is said, as written when it is neither."""
    key = compact(text)
    if key in NOTHING - _YES_OR_NO.keys():
        return ""
    return STATES.get(text.lower(), STATES.get(key, _YES_OR_NO.get(key, text)))


def is_gone(text: str) -> bool:
    """Whether a remark says that somebody has moved out, died or may pass no more."""
    return STATES.get(compact(text).strip("()[]【】。.!"), "") == "moved_out"


def is_identity_card(text: str) -> bool:
    """Whether a number is one of the Chinese identity card, by its day of birth and its check
    digit. Source: GB 11643-1999."""
    found = re.fullmatch(
        r"([1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3})"
        r"([0-9Xx])",
        text,
    )
    if not found:
        return False
    rest = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(found[1])) % 11
    return "10X98765432"[rest] == found[2].upper()


def is_unasked(key: str) -> bool:
    """Whether a cell, compacted, says that nobody was asked yet."""
    return key in _UNASKED


def answer(text: str) -> str:
    """ "agreed" or "refused"; "" where nobody was asked; as written when it is neither.

    A mark beside the word counts when both say the same: √ 同意. What is added in words is not
    cut off: 同意（仅门禁卡） is no agreement to the face.
    """
    key = compact(text).rstrip("。.!,;")
    if key in _UNASKED:
        return ""
    if key in ANSWERS:
        return ANSWERS[key]
    mark, word = ANSWERS.get(key[:1], ""), ANSWERS.get(key[1:], "")
    return mark if mark and mark == word else text


def kind(text: str) -> str:
    """One of ``Kind``, as its value; as written when it is none.

    Several words, or one with a remark, count when all of them mean the same: 户主/业主.
    """
    key = compact(text)
    if found := KINDS.get(key):
        return found.value
    bare = re.sub(r"[(\[【].*?[)\]】]", "", key)
    all_of = {KINDS.get(part) for part in re.split(r"[/、,，;；+]", bare) if part}
    (one,) = all_of if len(all_of) == 1 else (None,)
    return one.value if one else text
