from dataclasses import replace
from datetime import datetime, time

import pytest
from pydantic import ValidationError

from gate.screen.message import Item, Look, Message
from gate.screen.render import render, spoken
from gate.screen.settings import ScreenSettings

NOON = datetime(2026, 1, 7, 12, 0)
NIGHT = datetime(2026, 1, 7, 23, 30)
WELCOME = Message(
    Look.GRANT,
    "welcome",
    name="李*红",
    items=(Item("temperature", True, "36.5"), Item("code", None)),
)


def test_the_first_language_is_first() -> None:
    page = render(WELCOME, ScreenSettings(), NOON)
    assert [line["head"] for line in page["lines"]] == ["请进", "Welcome"]
    page = render(WELCOME, ScreenSettings(languages=("en",)), NOON)
    assert [line["head"] for line in page["lines"]] == ["Welcome"]


def test_temperature_and_status_stand_beside_the_answer() -> None:
    labels = {"code": {"zh": "健康码", "en": "Health code"}}
    items = render(WELCOME, ScreenSettings(), NOON, labels)["items"]
    assert items == [
        {"label": ["体温", "Temperature"], "value": "36.5 °C", "good": True},
        {"label": ["健康码", "Health code"], "value": "未知", "good": None},
    ]


def test_what_is_out_of_order_is_noted_in_each_language() -> None:
    idle = Message(Look.IDLE, "idle")
    assert render(idle, ScreenSettings(), NOON)["note"] == []
    noted = replace(idle, note="disk_fault")
    assert render(noted, ScreenSettings(), NOON)["note"] == [
        "存储故障 · 通行照常，请通知管理员",
        "Storage fault · You may pass; tell the caretaker",
    ]
    assert len(render(noted, ScreenSettings(languages=("en",)), NOON)["note"]) == 1


def test_earlier_answers_say_what_they_said_in_small() -> None:
    refused = Message(Look.DENY, "face_unknown", passage="b", name="李小红", items=WELCOME.items)
    advised = replace(WELCOME, advice=("temperature_high",))
    page = render(replace(WELCOME, earlier=(refused, advised)), ScreenSettings(), NOON)
    deny, grant = page["earlier"]
    assert (deny["look"], deny["passage"], grant["look"]) == ("deny", "b", "grant")
    assert [line["words"] for line in deny["lines"]] == [
        ["没有认出您", "请刷卡或联系工作人员"],
        ["Not recognised", "Use your card or ask the staff"],
    ]
    # "welcome" would be read by whoever is next
    assert [line["words"] for line in grant["lines"]] == [
        ["已放行", "体温偏高"],
        ["Let in", "Temperature is high"],
    ]
    assert [line["whose"] for line in grant["lines"]] == ["前面的人", "Before you"]
    assert [line["language"] for line in grant["lines"]] == ["zh-CN", "en-GB"]
    # a name of those who may pass, and no value of anybody
    assert (deny["name"], grant["name"]) == ("", "李*红")
    assert "36.5" not in str(page["earlier"])
    assert render(WELCOME, ScreenSettings(), NOON)["earlier"] == []


def test_it_is_quieter_in_the_quiet_hours() -> None:
    settings = ScreenSettings(volume=0.8, quiet_volume=0.2)
    assert render(WELCOME, settings, NOON)["volume"] == 0.8
    assert render(WELCOME, settings, NIGHT)["volume"] == 0.2
    assert settings.volume_at(time(6, 59)) == 0.2
    assert settings.volume_at(time(7, 0)) == 0.8
    daytime = ScreenSettings(quiet_from=time(12), quiet_until=time(14), quiet_volume=0.1)
    assert daytime.volume_at(time(13)) == 0.1
    assert daytime.volume_at(time(15)) == 0.9


@pytest.mark.parametrize(
    ("message", "zh", "en"),
    [
        (WELCOME, "请进。", "Welcome."),
        (Message(Look.DENY, "expired"), "登记已到期。请到服务台办理。",
         "Registration expired. Please go to the service desk."),
        (Message(Look.GRANT, "welcome", ("temperature_high",)), "请进。体温偏高。",
         "Welcome. Temperature is high."),
        (Message(Look.WAIT, "one_moment"), "", ""),
        (Message(Look.GUIDE, "turned"), "", ""),
        (Message(Look.GUIDE, "mask"), "请取下口罩，或刷卡。",
         "Take off the mask, or use your card."),
    ],
)  # fmt: skip
def test_what_the_voice_says(message: Message, zh: str, en: str) -> None:
    assert (spoken(message, "zh"), spoken(message, "en")) == (zh, en)
    assert "李" not in spoken(message, "zh")


def test_an_ordered_opening_says_until_when() -> None:
    message = Message(Look.OPEN, "door_held_open", until=datetime(2026, 1, 7, 18, 30))
    lines = render(message, ScreenSettings(), NOON)["lines"]
    assert [line["until"] for line in lines] == ["至 18:30", "until 18:30"]


def test_sound_and_speech_can_be_switched_off() -> None:
    page = render(WELCOME, ScreenSettings(sound=False, speech="off"), NOON)
    assert (page["sound"], page["speech"]) == ("", [])
    page = render(WELCOME, ScreenSettings(), NOON)
    assert page["sound"] == "grant"
    assert page["speech"][0] == {"language": "zh-CN", "text": "请进。"}


def test_the_cameras_picture_needs_an_address_of_this_machine() -> None:
    with pytest.raises(ValidationError, match="camera_picture"):
        ScreenSettings(host="0.0.0.0", camera_picture=True)
    with pytest.raises(ValidationError, match="is an address"):
        ScreenSettings(host="somewhere")
