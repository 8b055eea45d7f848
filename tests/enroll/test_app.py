"""Errors as pages: in the reader's language, with what to do."""

from __future__ import annotations

import pytest

from enroll.page import in_words, sentences
from gate.config.desk import DeskSettings
from gate.errors import StoreError
from gate.store.database_errors import disk_full, locked
from gate.texts.catalogue import translator


@pytest.mark.slow
def test_an_upload_that_is_too_large_is_said_on_a_page_with_what_to_do(clerk):
    clerk.cookies.set("desk_language", "zh", domain="desk.test")
    size = {"content-length": str(DeskSettings().import_megabytes + 1 << 20)}
    for path in ("/imports/new", "/people/1/enrol/photo"):
        answer = clerk.post(path, content=b"x", headers=size)
        assert answer.status_code == 413
        assert "上传内容过大" in answer.text
        assert "请分次上传" in answer.text
    limit = DeskSettings().import_megabytes
    assert f"{limit} MB" in clerk.post("/imports/new", content=b"x", headers=size).text
    plain = clerk.post("/imports/new", content=b"x", headers={**size, "accept": "*/*"})
    assert plain.text == "上传内容过大"


MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
FIELD = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n%s\r\n'


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"data": {f"field{n}": "x" for n in range(1001)}}, 413, "表单的字段过多或过大"),
        ({"content": FIELD % "x" * 1001 + "--x--", "headers": MULTIPART}, 413, "请减少一次"),
        ({"content": FIELD % ("x" * 2_000_000) + "--x--", "headers": MULTIPART}, 413, "字段过多"),
        ({"content": "--y", "headers": MULTIPART}, 400, "表单在传输中损坏"),
        ({"content": "x", "headers": {"content-type": "multipart/form-data"}}, 400, "传输中损坏"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_in_the_readers_language(clerk, sent, status, said):
    clerk.cookies.set("desk_language", "zh", domain="desk.test")
    answer = clerk.post("/people/batch", **sent)
    assert answer.status_code == status
    assert said in answer.text
    clerk.cookies.set("desk_language", "en", domain="desk.test")
    assert "The form" in clerk.post("/people/batch", **sent).text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (disk_full("gate.db"), 503, "磁盘已满"),
        (locked("gate.db", "SQLITE_BUSY"), 503, "数据库正被另一个程序占用：SQLITE_BUSY"),
        (StoreError("the database is damaged", where="gate.db"), 400, "数据库已损坏"),
    ],
)
def test_what_is_wrong_with_the_database_is_said_in_the_readers_language(
    clerk, desk, monkeypatch, error, status, said
):
    def fails(*_, **__):
        raise error

    clerk.cookies.set("desk_language", "zh", domain="desk.test")
    monkeypatch.setattr(desk.store.people, "get", fails)
    answer = clerk.get("/people/1")
    assert answer.status_code == status
    assert said in answer.text


def test_the_cause_behind_an_error_stays_as_another_program_said_it():
    zh = translator("zh")
    assert in_words("the database cannot be written: readonly", zh) == "数据库无法写入：readonly"
    assert in_words("no such text: with a cause", zh) == "no such text: with a cause"


def test_between_chinese_sentences_there_is_no_blank():
    assert sentences(("请稍等。", "再试一次。")) == "请稍等。再试一次。"
    assert sentences(("Wait.", "Try again.")) == "Wait. Try again."
    assert sentences(()) == ""
