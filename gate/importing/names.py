"""What a column of names holds that is not one person's name: several people, an empty flat, a
word for whoever lives there, or somebody's name with the remark that they have gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gate.importing.text import compact, name, visible
from gate.importing.values import NOTHING, is_gone, state

_CJK = "\u3400-\u9fff"
_EAST = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)  # written surname first, without a blank
_ONE = rf"[{_CJK}]{{2,4}}(?:[(（][^()（）]*[)）])?"
# 张三、李四: Chinese names do not hold these marks; of Latin ones some do (Li, Ming)
_LISTED = re.compile(rf"{_ONE}(?: ?[、，,/／;；&＆+|] ?{_ONE})+")
_OTHERS = re.compile(rf"[{_CJK}]{{2,4}}家?等(?:[0-9一二三四五六七八九十两]+[人口位]?)?")
_JOINED = re.compile(rf"[{_CJK}]{{2,3}}(?:(?:\s+|[和与及])[{_CJK}]{{2,3}})+")
# what most names begin with, so that 阿依 古丽 and 乌云和希格 stay one person
_COMMON = (
    "王李张劉刘陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許邓鄧韩韓冯馮曹彭曾肖"
    "田董潘袁蔡蒋蔣余于杜叶葉程魏苏蘇吕呂丁任卢盧姚沈钟鍾姜崔谭譚陆陸范汪廖石金韦贾夏付方邹熊白孟秦"
    "邱侯江尹薛闫段雷龙龍黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
# what fewer begin with: the first of two names may, and 艾力 马木提 and 松本 金子 stay one person
_FEWER = (
    "柳单简甘祝骆符焦路娄庞樊兰殷施洪翟颜倪牛温芦季俞章鲁葛伍申尤毕聂丛岳齐庄柴童辛左欧曲关佟苗冉阮"
    "蓝卜华凌霍喻穆盛涂鲍窦宁耿游项詹管裴纪谷成车褚卓费靳连岑"
)
# 欧阳 娜娜 is one person; other names of four characters are not written as two and two
_SURNAMES = {
    *("欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "东方", "東方", "皇甫", "尉迟"),
    *("公孙", "公孫", "慕容", "长孙", "長孫", "宇文", "司徒", "令狐", "夏侯", "轩辕", "端木"),
    *("独孤", "南宫", "西门", "西門", "百里", "呼延", "拓跋", "申屠", "太史", "澹台", "公冶"),
    *("闻人", "赫连", "濮阳", "淳于", "单于", "钟离", "仲孙", "鲜于", "闾丘", "司空", "亓官"),
    *("第五", "左丘", "东郭", "梁丘", "谷梁", "公羊", "万俟", "乐正", "即墨", "纳兰", "完颜"),
}
_VACANT = {
    *(
        "空",
        "空置",
        "空房",
        "空户",
        "空关",
        "空关房",
        "空置房",
        "空闲",
        "闲置",
        "无人",
    ),
    *(
        "无人居住",
        "无业主",
        "无住户",
        "未入住",
        "未住",
        "未售",
        "未售出",
        "待售",
        "未交房",
        "未交付",
    ),
    *("未装修", "毛坯", "样板房", "样板间", "vacant", "empty", "unsold", "unoccupied"),
}
_WHOEVER = {
    *(
        "户主",
        "业主",
        "租户",
        "租客",
        "住户",
        "居民",
        "房东",
        "本人",
        "家属",
        "配偶",
        "妻子",
        "丈夫",
    ),
    *("儿子", "女儿", "子女", "父亲", "母亲", "老人", "小孩", "先生", "女士", "某某", "某", "佚名"),
    *("待定", "未知", "不详", "不明", "保密", "匿名", "待补", "待填", "待完善", "未填", "未登记"),
    *("unknown", "tbd", "anonymous", "?", "??", "???", "？"),
}
# a telephone number or a home beside the name; 张伟2 is how two of one name are told apart
_NUMBER = re.compile(r"[0-9]{7}|[0-9]-[0-9]|[0-9](?:栋|号楼|幢|单元|室|#)|^[0-9]{3,4}\D")
_TELEPHONE = re.compile(r"[0-9+()-]{7,}")  # 王经理 88886666 below a table
_COUNT = re.compile(r"共?[0-9一二三四五六七八九十两]+(?:人|口|口人|名|位)")
_LABELLED = re.compile(r"[^:]*[^:\x00-\x7f][^:]*:")  # 户主：王五
SEVERAL = "names several people; give each a line of their own"
NOBODY = "is nobody's name"
NUMBERED = "holds a number that is no part of a name"
GONE = "says that this person has gone; leave the line out, or take the remark away"
_HOME = {"name", "building", "unit", "entrance", "address", "household", "state", "note", "kind"}


def several(text: str) -> bool:
    """Whether a cell, as written, names more than one person."""
    written = visible(text)
    if _LISTED.fullmatch(written) or _OTHERS.fullmatch(written):
        return True
    if not _JOINED.fullmatch(written):
        return False
    first, *rest = re.split(r"\s+|(?<=.{2})[和与及](?=.{2})", written)
    if not any(one[0] in _COMMON for one in rest):
        return False
    begins = first[0] in _COMMON + _FEWER or first[:2] in _SURNAMES
    return len(rest) > 1 or (begins and first not in _SURNAMES)


def mistake(text: str) -> str:
    """What is wrong with the name in a cell, as written; "" when it may be a name."""
    if several(text):
        return SEVERAL
    key = compact(text)
    if key in _WHOEVER | _VACANT | NOTHING or _COUNT.fullmatch(key) or _LABELLED.match(key):
        return NOBODY
    remark = re.search(r"[(\[【](.+?)[)\]】]$", key)
    if remark and is_gone(remark[1]):
        return GONE
    if (not key.isascii() and _NUMBER.search(key)) or _TELEPHONE.fullmatch(key):
        return NUMBERED
    return ""


def is_apart(surname: str, written: str) -> bool:
    """Whether a name lacks the surname beside it; WANG beside 王芳 says it once more."""
    alike = bool(_EAST.search(surname)) == bool(_EAST.search(written))
    return bool(written) and alike and compact(surname) not in compact(written)


def whole(surname: str, given: str) -> str:
    """A name of two columns: 王 and 芳 are 王芳, Smith and Ann are Ann Smith."""
    if _EAST.search(surname + given):
        return name(f"{surname}{given}")
    return f"{given} {surname}".strip()


def is_empty_flat(values: Mapping[str, str]) -> bool:
    """Whether a line says of a flat that nobody lives there, and nothing of a person."""
    if not values.keys() <= _HOME:
        return False
    if written := compact(values.get("name", "")):
        return written in _VACANT | NOTHING
    return any(compact(values.get(column, "")) in _VACANT for column in ("state", "note"))


def says_who_lives_there(texts: Iterable[str]) -> bool:
    """Whether a column says of anybody that they live there or have gone, or that a flat is empty.

    居住情况 may as well say how somebody lives: 独居, 与子女同住.
    """
    words = _VACANT | {"出租"}
    return any(state(text) in ("active", "moved_out") or compact(text) in words for text in texts)
