"""Headings nobody listed, known by a word in them; they give way to headings that are listed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gate.importing.headings import column_of, heading_key, is_unneeded

# letters: a title names what the table is about, too
_LONGEST, _LONGEST_CHINESE = 30, 16
_NOT_THE_PERSON = re.compile(
    r"紧急|緊急|房东|中介|担保|介绍|物业|单位|公司|车|宠|银行|社保|医保|身份证|护照|证件|微信|"
    r"拼音|英文|(phone|mobile|tel)\w*(type|label)$|emergency|landlord|agent|company|employer|vehicle|bank|passport|identity"
)
# another person of the home, in columns beside the one the line is about
_RELATIVE = re.compile(
    r"配偶|同住|爱人|丈夫|妻子|子女|儿子|女儿|父亲|母亲|(家庭成员|家属|成员)[0-9一二三四五六]|"
    r"^(家庭成员|家属|成员)$|spouse|wife|husband|cohabitant|coresident|(occupant|resident|member)[2-9]"
)
# what was once theirs: a card that was lost must not open the door again
_RELATION = re.compile(r"^(与?(户主|业主|承租人|房主)的?)?(家庭)?关系$|^relation(ship)?$")
_MEMBER = re.compile(r"^(家庭|住户)?(成员|人员)(姓名|名称|名字)?$|^(family)?membername$")
_HEAD = re.compile(r"^(户主|业主|房主|承租人|产权人)(姓名|名称)?$|^headofhousehold$")
_NO_LONGER = re.compile(
    r"旧|舊|曾用|^原(?!籍)|前(卡|姓名)|挂失|掛失|作废|作廢|注销|註銷|遗失|丢失|补办前|"
    r"^(old|lost|former|previous)|(cancell?ed|revoked|replaced)"
)
_OTHER_CARDS = re.compile(
    r"公交|地铁|饭卡|餐卡|食堂|市民卡|老年卡|会员|购物|buscard|transit|meal|member"
)
# column → what is in its heading, without blanks and in lower case; the first that fits counts
_WORDS: dict[str, tuple[str, ...]] = {
    "consent": (
        r"(同意|授权|签署).*(人脸|识别|采集|照片|同意书)|(人脸|识别|采集|照片).*(同意|授权)|同意与否",
        r"(face|biometric).*(consent|agree)|^(consent|agree)",
    ),
    "photo": (r"照片|相片|人脸图|头像|photo(graph)?s?|picture|face.?image|portrait",),
    "guardian": (r"监护人(姓名|签名|签字)?$|guardian",),
    "state": (
        r"(入住|居住|人员|住户|在住|租住|客户|业主|租户).*状态|(入住|居住)(情况|状况)|卡(片)?状态|card.?status|(resident|person).?stat(e|us)",
    ),
    "valid_until": (
        r"到期|截止|失效|期满|有效期.*(至|止|到|结束|终)|(租期|合同|租赁).*(止|终|结束|至)",
        r"结束(日期|时间|日)|搬离|有效期限|租赁期限|expir|valid(ity)?(un)?til|leaseend|enddate",
    ),
    "valid_from": (
        r"入住|起租|有效期.*(起|始)|(租期|合同|租赁).*(起|始)|(开始|起始|生效)(日期|时间|日)",
        r"validfrom|startdate|leasestart|movein",
    ),
    "birth_year": (r"出生|生日|birth",),
    "card": (
        r"(门禁|ic|id|梯控|感应|进出|通行|m1|cpu)卡|卡(片)?(号|编号|内码|序列|id)",
        r"card.*(no|num|id)|accesscard|keyfob|rfid",
    ),
    "phone": (r"手机|电话|手提|联系方式|聯絡|phone|mobile|tel(ephone)?no|cellno",),
    "kind": (
        r"(人员|住户|居住|业主|租户|身份|客户).*(类型|类别|性质|种类)",
        r"(resident|person|occupant).?(type|kind)",
    ),
    "address": (r"住址|地址|坐落|(楼|栋).*(室|房)|address",),
    "building": (r"(楼|栋|幢)(号|栋|宇|座)|building|tower|block",),
    "unit": (r"(房|室|户)(间)?(号|屋号|编号)|flatno|unitno|roomno|apartment",),
    "name": (
        r"姓名|名字|fullname|(resident|person|tenant|owner|occupant|member).?name",
        r"^(业主|住户|户主|租户|居民|人员|承租人|名称|住户名|业主名|客户名称|联系人|客户)$",
        r"^(产权人|持卡人|持有人|房主|权利人)(姓名)?$|^card ?holder$",
    ),
    "number": (r"^(人员号|住户号|用户编号|用户id|personid|userid)$",),
    "note": (r"^(说明|其他|其它|情况说明)$",),
}
_NUMBERED = re.compile(r"第?[0-9一二三四五六]+张?")
_PATTERNS = {column: re.compile("|".join(words)) for column, words in _WORDS.items()}


def guess_of(heading: str) -> str:
    """The column a heading that is not listed may mean; "" for none.

    What is about somebody else, such as 紧急联系人电话, is none.
    """
    key = heading_key(heading)
    if (
        len(key) > (_LONGEST if key.isascii() else _LONGEST_CHINESE)
        or _NOT_THE_PERSON.search(key)
        or _NO_LONGER.search(key)
        or is_relative(heading)
        or is_unneeded(heading)
    ):
        return ""
    found = next((column for column, words in _PATTERNS.items() if words.search(key)), "")
    return "" if found == "card" and _OTHER_CARDS.search(key) else found


def is_next(heading: str, other: str) -> bool:
    """Whether two headings differ in their number only: 卡号1 and 卡号2, 卡号 and 卡号2."""
    one, two = (_NUMBERED.sub("", heading_key(text)) for text in (heading, other))
    return one == two and heading_key(heading) != heading_key(other)


def is_heading(cell: str) -> bool:
    """Whether a cell is a heading people write, needed or not."""
    return len(cell) < 60 and bool(column_of(cell) or is_unneeded(cell) or guess_of(cell))


def is_relative(heading: str) -> bool:
    """Whether a heading names somebody else of the home, who needs a line of their own."""
    return bool(_RELATIVE.search(heading_key(heading)))


def members(headings: Mapping[int, str]) -> tuple[int, int, int] | None:
    """The columns of the members of a household, of its head, who is named in each line beside
    them, and of how both are related; None where no column says that."""
    keys = {column: heading_key(heading) for column, heading in headings.items()}
    related = next((column for column, key in keys.items() if _RELATION.search(key)), None)
    if related is None:
        return None
    found = [column for column, key in keys.items() if _MEMBER.search(key)]
    heads = [column for column, key in keys.items() if _HEAD.search(key)]
    return (found[0], heads[0], related) if len(found) == len(heads) == 1 else None


def is_about_another(heading: str) -> bool:
    """Whether a heading over others says that they are about somebody else."""
    return bool(re.search(r"监护人|家长|guardian|parent", heading_key(heading))) or bool(
        _NOT_THE_PERSON.search(heading_key(heading))
    )
