import pytest

from gate.screen.names import shown_name


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("李小红", "李*红"),
        ("王芳", "王*"),
        ("欧阳修", "欧阳*"),
        ("司马相如", "司马*如"),
        ("欧阳", "欧*"),
        ("爱新觉罗", "爱**罗"),
        ("阿卜杜拉·买买提", "阿*·买*"),
        ("John Smith", "J*** S***"),
        ("  Li   Xiaohong ", "L*** X***"),
        ("李", "*"),
        ("", ""),
    ],
)
def test_a_masked_name_is_known_to_its_owner_only(name: str, masked: str) -> None:
    assert shown_name(name, "masked") == masked


def test_the_house_may_show_all_or_nothing() -> None:
    assert shown_name(" 李小红 ", "full") == "李小红"
    assert shown_name("李小红", "none") == ""
