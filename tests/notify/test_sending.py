"""Which machine an address of Apprise leads to; nothing is sent, and no name is looked up."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from gate.errors import ConfigurationError
from gate.notify.sending import AppriseSender, server_of
from gate.notify.settings import NotifyReceiver

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("wecombot://01234567-89ab-cdef-0123-456789abcdef", ("qyapi.weixin.qq.com", 443)),
        ("dingtalk://abcdefgh12345678", ("oapi.dingtalk.com", 443)),
        ("feishu://abc-def", ("open.feishu.cn", 443)),
        ("mailtos://user:pw@qq.com", ("smtp.qq.com", 587)),
        ("mailtos://user:pw@mail.estate.example:587", ("mail.estate.example", 587)),
        ("ntfys://topic", ("ntfy.sh", 443)),
        ("ntfy://10.0.0.5:8080/topic", ("10.0.0.5", 8080)),
        ("bark://10.0.0.5:8080/key", ("10.0.0.5", 8080)),
        ("json://10.0.0.5/x", ("10.0.0.5", 80)),
        ("jsons://10.0.0.5/x", ("10.0.0.5", 443)),
        ("syslog://", None),
    ],
)
def test_the_machine_behind_an_address(url: str, server: tuple[str, int] | None) -> None:
    to = NotifyReceiver(name="li", url=SecretStr(url))
    assert server_of(AppriseSender((to,)).service(to)) == server


def test_an_address_of_no_service_says_so_without_its_key() -> None:
    to = NotifyReceiver(name="li", url=SecretStr("wecom://0123456789"))
    with pytest.raises(ConfigurationError) as raised:
        AppriseSender((to,))
    assert raised.value.where == "[[notify.to]] li: url"
    assert "0123456789" not in str(raised.value)
