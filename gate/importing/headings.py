"""Which column of a table means what, in the words people head their columns with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

from gate.importing.text import compact

# column → headings that mean it; the first is shown in English, the last in Chinese
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": (
        *("name", "full name", "resident name", "person", "住户姓名", "业主姓名", "人员姓名"),
        *("户主姓名", "成员姓名", "家庭成员姓名", "租户姓名", "承租人姓名", "客户姓名", "中文姓名"),
        *("姓名全称", "中文名"),
        *("居民姓名", "姓 名", "名字", "真实姓名", "员工姓名", "学生姓名", "住戶姓名", "姓名"),
    ),
    "number": (
        *("number", "person number", "resident number", "employee number", "member number"),
        *("人员ID", "住户ID", "业主编号", "员工编号", "employee id", "staff no", "resident id"),
        *("person id", "客户编号"),
        *("staff number", "工号", "人员编号", "住户编号", "学号", "員工編號", "編號", "编码"),
        "编号",
    ),
    "kind": (
        *("kind", "type", "category", "人员类型", "住户类型", "身份类型", "人员类别", "类型"),
        *("住户类别", "人员身份", "居住类型", "resident type", "person type", "人员性质"),
        *("业主/租户", "业主租户"),
        *("住户性质", "居住性质", "身份", "類別", "类别"),
    ),
    "address": (
        *("address", "home address", "家庭住址", "家庭地址", "居住地址", "详细地址", "地址"),
        *("详细住址", "房屋坐落", "房屋信息", "房产", "房产信息", "楼栋/单元/房号", "楼栋单元室"),
        *("居住房屋", "住房"),
        *("房屋地址", "楼栋单元房号", "楼栋房号", "门牌", "住址"),
    ),
    "building": (
        *("building", "block", "tower", "楼号", "栋号", "楼幢", "幢号", "幢", "栋", "楼", "座"),
        *("栋/座", "座号", "幢/栋", "楼座号", "building no", "block no", "tower no", "楼宇名称"),
        *("栋数",),
        *("楼宇", "楼座", "樓棟", "樓號", "楼栋号", "楼栋"),
    ),
    "entrance": ("entrance", "stairwell", "单元号", "單元", "单元"),
    "unit": (
        *("unit", "flat", "apartment", "room", "room number", "房间号", "房间", "门牌号", "室"),
        *("房间编号", "室/房", "flat no", "unit no", "room no", "apartment no", "房屋", "户室"),
        *("户室号",),
        *("户号", "室号", "房號", "门号", "房屋编号", "房屋号", "房号"),
    ),
    "household": ("household", "户名", "戶", "户"),
    "birth_year": (
        *("birth year", "birth_year", "year of birth", "date of birth", "birth date", "birthday"),
        *("出生时间", "birth", "生年月日", "born", "出生日", "出生年月(日)"),
        *("dob", "出生日期", "出生年月", "出生年月日", "生日", "出生年", "出生", "出生年份"),
    ),
    "phone": (
        *("phone", "mobile", "telephone", "phone number", "mobile number", "手机号", "手机"),
        *("移动电话", "tel", "mobile no", "phone no", "cell", "cell phone", "contact number"),
        *("手提电话", "聯絡電話", "tel no", "phone 1 - value"),
        *("手机号码", "联系电话", "联系方式", "电话号码", "联系手机", "電話", "手機", "电话"),
    ),
    "valid_from": (
        *("valid from", "valid_from", "from", "start date", "begin", "开始日期", "有效期起"),
        *("起租日", "入住时间", "入住日", "合同开始日期", "租赁开始日期", "valid from date"),
        *("move in date", "起始日", "开始时间"),
        *("起", "始", "开始", "起始"),
        *("入住日期", "生效日期", "起租日期", "租期开始", "有效期开始", "起始時間", "起始日期"),
    ),
    "valid_until": (
        *("valid until", "valid_until", "until", "end date", "expiry", "expires", "expiry date"),
        *("截止时间", "结束时间", "合同到期日", "合同到期日期", "合同截止日期", "租赁到期日"),
        *("valid to", "valid till", "expiration date", "lease end", "租期"),
        *("止", "终", "结束", "终止", "截止", "至"),
        *("结束日期", "有效期至", "到期日期", "到期日", "有效期止", "失效日期", "租期结束"),
        *("有效期", "到期时间", "租约到期", "截止日期"),
    ),
    "groups": (
        *("groups", "group", "department", "class", "部门", "班级", "組", "组", "权限组", "门禁组"),
        *("access group", "人员分组", "所属部门", "组别", "分组"),
    ),
    "note": (
        "note",
        "notes",
        "remark",
        "remarks",
        "comment",
        "comments",
        "備註",
        "备注说明",
        "备注",
    ),
    "locale": ("language", "locale", "语言"),
    "card": (
        *("card", "card number", "card no", "卡", "门禁卡号", "门禁卡", "IC卡号", "IC卡", "ID卡号"),
        *("卡ID", "卡内码", "卡片序列号", "卡序列号", "物理卡号", "卡编号", "rfid", "card id"),
        *("门卡", "门卡号", "梯控卡号"),
        *("卡片号", "卡片编号", "卡號", "卡号"),
    ),
    "consent": (
        *("consent", "agreed", "face consent", "是否同意", "同意人脸识别", "人脸同意"),
        *("是否同意人脸", "人脸识别同意", "人脸识别授权", "人脸采集同意", "同意书", "知情同意"),
        *("知情同意书", "是否签署同意书", "consent given", "agree", "是否同意采集人脸"),
        *("是否授权人脸识别",),
        *("是否同意人脸识别", "授权", "是否授权", "人脸授权", "同意采集", "同意"),
    ),
    "consent_text": ("consent text", "consent_text", "consent version", "同意书版本"),
    "guardian": (
        *("guardian", "guardian name", "parent", "家长", "家长姓名", "监护人签字", "监护人姓名"),
        *("監護人", "法定监护人", "监护人"),
    ),
    # marks on the wall chart, each with its own consent
    "help": (
        *("needs help", "needs_help", "help needed", "needs assistance", "需要照顾", "需要关照"),
        *("是否需要帮助", "需帮助", "需要协助", "重点关照", "需要帮助"),
    ),
    "alone": (
        *("lives alone", "lives_alone", "living alone", "独居老人", "是否独居", "是否独居老人"),
        *("独居情况", "独居标记", "獨居", "独居"),
    ),
    "photo": (
        *("photo", "photos", "picture", "photograph", "photographs", "image", "照片文件"),
        *("照片名", "人脸图片", "照片路径", "人脸图像", "photo file", "face photo", "face image"),
        *("photo name", "picture file", "证件照", "相片名称"),
        *("人脸照片", "照片名称", "人脸", "头像", "图片", "相片", "照片文件名", "照片"),
    ),
    # a name in two columns; they are joined
    "surname": ("surname", "last name", "family name", "lastname", "姓氏", "姓"),
    "given_name": ("given name", "first name", "forename", "firstname", "名"),
    "state": (
        *("state", "status", "是否在住", "是否居住", "是否入住", "是否有效", "是否启用"),
        *("入住状态", "居住状态", "人员状态", "住户状态", "在住状态", "状态"),
    ),
    "person": ("gate id", "门禁号"),
}

# columns such tables always have and the gate has no use for: left out by name, never stored
UNNEEDED = (
    *("sex", "gender", "性别", "性別", "男女"),
    *("id number", "id card", "id card number", "identity card", "passport", "passport number"),
    *("身份证号", "身份证", "身份证号码", "身份證", "证件号", "证件号码", "证件类型", "护照号"),
    *("no", "no.", "#", "index", "serial", "序号", "序號", "编次", "项次"),
    *("ethnicity", "nationality", "民族", "国籍", "籍贯", "户籍", "户籍地址", "户口所在地"),
    *("age", "年龄", "年齡", "marital status", "婚姻状况", "婚姻", "政治面貌", "学历", "文化程度"),
    *("职业", "工作单位", "occupation", "employer", "与户主关系", "户主关系", "relationship"),
    *("车牌", "车牌号", "车位", "车位号", "licence plate", "license plate", "面积", "建筑面积"),
    *("微信", "微信号", "邮箱", "email", "e-mail", "QQ", "签名", "签字", "宗教", "religion"),
    *("登记日期", "登记人", "填表人", "血型", "健康状况", "楼层", "层", "所在楼层", "floor"),
    *("小区", "小区名称", "所属小区", "社区", "社区名称", "楼盘", "项目", "项目名称", "community"),
    *("与业主关系", "关系", "家庭关系", "户型", "序", "编次号", "年级", "身高", "体重"),
    *("银行卡号", "社保卡号", "社会保障号", "医保卡号", "车牌号码", "停车位", "邮编", "英文名"),
    *("紧急联系人", "紧急联系电话", "紧急联系人电话", "emergency contact", "emergency phone"),
    *("姓名拼音", "拼音", "宠物", "疫苗", "物业费", "housing type", "email address", "postcode"),
)


@lru_cache(maxsize=1 << 14)
def heading_key(text: str) -> str:
    """A heading without what people add to it: 姓名*（必填） → 姓名, Card No. → cardno."""
    key = re.sub(r"[_\-\\|~]", "", compact(text))
    key = re.sub(r"[(（\[【<].*?[)）\]】>]", "", key)
    key = re.sub(r"[*★☆:：,，。.!！?？'\"“”#]+|必填项?|选填项?$|^请?(?:填写|输入)", "", key)
    return key or compact(text)


_KNOWN = {heading_key(name): column for column, names in HEADINGS.items() for name in names}
_UNNEEDED = {heading_key(name) for name in UNNEEDED}


def column_of(heading: str) -> str:
    """The column a heading means; "" for none."""
    return _KNOWN.get(heading_key(heading), "")


def is_unneeded(heading: str) -> bool:
    """Whether a heading is one of those the gate has no use for."""
    return heading_key(heading) in _UNNEEDED


def shape_of(headings: Sequence[str]) -> str:
    """A name for the tables with these headings in this order: 16 hexadecimal digits."""
    keys = "|".join(heading_key(heading) for heading in headings)
    return hashlib.sha256(keys.encode()).hexdigest()[:16]
