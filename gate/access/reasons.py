"""Every reason code a person may see, in Chinese and English: one table for all."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """``head``: what it is, a few big words. ``then``: what to do next, may be empty."""

    head: str
    then: str = ""


class Reason(NamedTuple):
    zh: Text
    en: Text


def text(code: str, language: Language) -> Text:
    """The words for ``code``; a code that is not in the table is shown as it is."""
    reason = REASONS.get(code)
    return Text(code) if reason is None else reason.zh if language == "zh" else reason.en


def _r(zh: str, zh_then: str, en: str, en_then: str) -> Reason:
    return Reason(Text(zh, zh_then), Text(en, en_then))


_STAFF = ("请联系工作人员", "Please ask the staff")
_CARD = ("请刷卡", "Please use your card")
_OFFICE = ("请到服务台办理", "Please go to the service desk")

REASONS: dict[str, Reason] = {
    # granted
    "welcome": _r("请进", "门已打开", "Welcome", "The door is open"),
    "staff_order": _r("请进", "工作人员已开门", "Please enter", "Opened by the staff"),
    "door_held_open": _r("门已打开", "请直接通行", "Door is open", "Please walk through"),
    "emergency": _r("急救通道", "请让出通道", "Emergency", "Please keep clear"),
    "door_released": _r("请立即离开", "门已释放", "Leave now", "The door is released"),
    # nobody there, or somebody is being looked at
    "idle": _r("请看镜头", "或刷卡", "Look here", "or use your card"),
    "one_moment": _r("请稍候", "正在确认", "One moment", "Checking"),
    "look_here": _r("请看镜头", "面向屏幕站好", "Look here", "Face the screen"),
    "too_far": _r("请走近一点", "", "Come closer", ""),
    "cut_off": _r("请站到中间", "", "Stand in the middle", ""),
    "too_dark": _r("光线太暗", "请走近一点", "Too dark", "Please come closer"),
    "too_bright": _r("光线太强", "请稍微转身", "Too bright", "Turn away from the light"),
    "backlight": _r("背后光太强", "请走近一点", "Light behind you", "Please come closer"),
    "blurred": _r("请站稳", "看着镜头", "Stand still", "and look here"),
    "turned": _r("请正对镜头", "", "Face the camera", ""),
    "eyes_shut": _r("请睁开眼睛", "", "Open your eyes", ""),
    "mask": _r("请取下口罩", "或刷卡", "Take off the mask", "or use your card"),
    "occluded": _r("请露出面部", "或刷卡", "Show your face", "or use your card"),
    "measuring_again": _r("再测一次体温", "请站稳", "Measuring again", "Please stand still"),
    # asked for more
    "face_doubtful": _r("没有看清", _CARD[0], "Not sure it is you", _CARD[1]),
    "look_alike": _r("请再刷卡", "确认是您本人", "Show your card too", "to confirm it is you"),
    "child": _r("请再刷卡", "小朋友需要刷卡", "Show your card too", "Children also need a card"),
    "card_after_attack": _r("请再刷卡", "为安全起见", "Show your card too", "for security"),
    "liveness_unknown": _r(
        "请再刷卡", "无法确认是真人", "Show your card too", "Liveness cannot be verified"
    ),
    "card_too": _r("请再刷卡", "需要人脸和卡", "Show your card too", "Face and card are required"),
    "face_too": _r("请再看镜头", "需要人脸和卡", "Now look here", "Face and card are required"),
    # refused: who it is
    "face_unknown": _r(
        "没有认出您", "请刷卡或联系工作人员", "Not recognised", "Use your card or ask the staff"
    ),
    "picture": _r("请本人站到镜头前", _CARD[0], "Please come in person", _CARD[1]),
    "face_is_not_the_cards": _r(
        "人脸与卡不符", _STAFF[0], "Face does not match the card", _STAFF[1]
    ),
    "nothing_shown": _r("请看镜头或刷卡", "", "Show your face or card", ""),
    "nobody": _r("没有登记", _OFFICE[0], "Not registered", _OFFICE[1]),
    "credential_missing": _r("请再刷一次", "", "Please try again", ""),
    "credential_unchecked": _r("暂时无法核对", "请再试一次", "Could not check", "Please try again"),
    "reader_slowed": _r("请稍等再刷", "错误次数过多", "Please wait", "Too many wrong attempts"),
    "no_order": _r("没有指令", _STAFF[0], "Not authorised", _STAFF[1]),
    # refused: the card, PIN or permit
    "card_unreadable": _r("卡号读不出", "请再刷一次", "Card not readable", "Please try again"),
    "card_unknown": _r("此卡未登记", _OFFICE[0], "Unknown card", _OFFICE[1]),
    "card_revoked": _r("此卡已停用", _OFFICE[0], "Card not in use", _OFFICE[1]),
    "card_not_yet_valid": _r("此卡未到时间", _STAFF[0], "Card not valid yet", _STAFF[1]),
    "card_expired": _r("此卡已过期", _OFFICE[0], "Card has expired", _OFFICE[1]),
    "pin_unknown": _r("密码不对", "请再试一次", "Wrong PIN", "Please try again"),
    "pin_revoked": _r("密码已停用", _OFFICE[0], "PIN not in use", _OFFICE[1]),
    "pin_locked": _r("密码已锁定", "请稍后再试或刷卡", "PIN locked", "Try later, or use your card"),
    "permit_unreadable": _r(
        "看不清通行证", "请拿稳，再近一点", "Permit unreadable", "Hold it still and closer"
    ),
    "permit_forged": _r("通行证无效", _STAFF[0], "Permit is not valid", _STAFF[1]),
    "permit_not_yet_valid": _r("通行证未到时间", _STAFF[0], "Permit not valid yet", _STAFF[1]),
    "permit_expired": _r(
        "通行证已过期", "请申请新的通行证", "Permit has expired", "Request a new permit"
    ),
    "permit_revoked": _r("通行证已取消", _STAFF[0], "Permit revoked", _STAFF[1]),
    "permit_wrong_gate": _r(
        "通行证不适用此门", "请到指定的门", "Not for this gate", "Use the gate named on it"
    ),
    "permit_used_up": _r(
        "通行证次数已用完", "请申请新的通行证", "No uses left on permit", "Request a new permit"
    ),
    "permit_holder_unknown": _r("没有登记", _OFFICE[0], "Not registered", _OFFICE[1]),
    # refused: the person
    "blocked": _r("暂时不能通行", _STAFF[0], "Entry suspended", _STAFF[1]),
    "inactive": _r("登记已停用", _OFFICE[0], "Registration ended", _OFFICE[1]),
    "not_yet_valid": _r("还没到开始日期", _OFFICE[0], "Not valid yet", _OFFICE[1]),
    "expired": _r("登记已到期", _OFFICE[0], "Registration expired", _OFFICE[1]),
    "not_this_kind": _r("此门不对您开放", _STAFF[0], "No access at this gate", _STAFF[1]),
    "not_this_group": _r("此门不对您开放", _STAFF[0], "No access at this gate", _STAFF[1]),
    "not_this_gate": _r(
        "此门不对您开放", "请走其他门", "No access at this gate", "Please use another gate"
    ),
    "not_this_method": _r(
        "请换一种方式", "请刷卡或出示通行证", "Please use another method", "Use your card or permit"
    ),
    "not_this_schedule": _r("现在不开放", _STAFF[0], "Closed at this time", _STAFF[1]),
    "not_on_holidays": _r("节假日不开放", _STAFF[0], "Closed on holidays", _STAFF[1]),
    "clock_not_set": _r("时钟未校准", _STAFF[0], "Clock is not set", _STAFF[1]),
    "lockdown": _r("大门已封闭", _STAFF[0], "Gate locked down", _STAFF[1]),
    "already_passed": _r("您已通行过", _STAFF[0], "Already entered", _STAFF[1]),
    # temperature and entry status
    "temperature_high": _r("体温偏高", "请联系工作人员", "Temperature is high", _STAFF[1]),
    "temperature_unknown": _r("未测到体温", _STAFF[0], "Temperature not measured", _STAFF[1]),
    "status_bad": _r("通行状态异常", _STAFF[0], "Entry status not valid", _STAFF[1]),
    "status_unknown": _r("查不到通行状态", _STAFF[0], "Status not available", _STAFF[1]),
    # out of order
    "camera_fault": _r("镜头故障", _CARD[0], "Camera out of order", _CARD[1]),
    "door_fault": _r("门禁故障", _STAFF[0], "Door out of order", _STAFF[1]),
    "screen_offline": _r("暂停使用", _CARD[0], "Out of order", _CARD[1]),
}
