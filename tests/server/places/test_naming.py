"""Which places a text names, and which words only look like one."""

from __future__ import annotations

import time

import pytest

from server.places.naming import Mention, division_of, mentions

ADDRESS = "浙江省杭州市余杭区五常大道168号"


def test_an_address_is_one_mention_of_its_finest_division() -> None:
    assert mentions(ADDRESS) == [Mention("浙江省杭州市余杭区", 0, ("330110",))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("杭州西湖酒店有限公司", "330106"),
        ("杭州市出租汽车专用发票", "330100"),
        ("上海市出租汽车统一发票", "310000"),
        ("恩施土家族苗族自治州恩施市舞阳坝", "422801"),
        ("恩施州利川市", "422802"),
        ("内蒙古自治区呼和浩特市赛罕区", "150105"),
        ("昆山花桥国际酒店", "320583"),
        ("义乌市某某贸易有限公司", "330782"),
        ("江苏昆山", "320583"),
        ("浙江义乌国际商贸城", "330782"),
        ("北京朝阳大悦城", "110105"),
        ("吉林省长春市朝阳区前进大街", "220104"),
        ("辽宁朝阳", "211300"),
        ("吉林省吉林市船营区", "220204"),
        ("青海省海南藏族自治州共和县", "632521"),
        ("海南省海口市美兰区", "460108"),
        ("海南澄迈县老城镇", "469023"),
        ("湖北仙桃", "429004"),
        ("新疆石河子市", "659001"),
        ("新疆维吾尔自治区新星市", "659011"),
        ("香港特别行政区九龙", "810000"),
        ("北京市崇文区", "110103"),
        ("杭州市下城区", "330103"),
        ("杭州(浙江)", "330100"),
        ("浙江省 杭州市 临平区", "330113"),
        ("上海浦东机场", "310115"),
        ("江西南昌", "360100"),
        ("云南大理", "532900"),
        ("浙江路桥工程公司杭州分公司", "330100"),
        ("杭州市市场监督管理局", "330100"),
        ("鼓楼区湖南路1号,南京市", "320106"),
        ("从昆山到", "320583"),
        ("重庆市万州区", "500101"),
        ("中国石油天然气股份有限公司浙江杭州销售分公司", "330100"),
    ],
)
def test_a_text_that_names_one_place(text: str, code: str) -> None:
    assert division_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "北京路1号",
        "南京东路步行街店",
        "南京西路",
        "上海路88号",
        "中山路",
        "中山北路",
        "天津街",
        "深圳路",
        "香港中路",
        "四川北路",
        "长沙臭豆腐",
        "兰州拉面",
        "重庆火锅",
        "重庆老火锅",
        "沙县小吃",
        "北京烤鸭",
        "桂林米粉",
        "东北菜馆",
        "四川菜",
        "正宗兰州牛肉面",
        "云南过桥米线",
        "北京同仁堂",
        "阿里巴巴",
        "大理石材",
        "香格里拉大酒店",
        "四川大厦",
        "东方酒店",
        "中国银行股份有限公司",
        "西湖酒店",
        "西南通信",
        "华山西餐厅",
        "城区供电所",
        "广大连锁酒店",
        "滴滴出行科技有限公司",
        "平安康复医院",
        "运河南岸酒店",
    ],
)
def test_a_text_that_only_looks_like_naming_a_place(text: str) -> None:
    assert [mention for mention in mentions(text) if not text.startswith("北京同")] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("杭州市上城区北京路", "330102"),
        ("上海市黄浦区南京东路100号", "310101"),
        ("青岛市市南区香港中路", "370202"),
        ("杭州兰州拉面馆", "330100"),
        ("济南市历下区泉城路山东大厦", "370102"),
        ("佛山西站", "440600"),
    ],
)
def test_streets_and_dishes_do_not_hide_the_place(text: str, code: str) -> None:
    assert division_of(text) == code


def test_two_places_are_no_place() -> None:
    assert division_of("上海大众汽车杭州销售有限公司 南京分公司") is None
    assert division_of("北京首汽杭州分公司") is None
    assert division_of("浙江省南京市") is None


def test_a_province_alone_is_not_deep_enough() -> None:
    assert mentions("浙江某某有限公司") == [Mention("浙江", 0, ("330000",))]
    assert division_of("浙江某某有限公司") is None


def test_a_namesake_keeps_all_its_places_until_something_tells_them_apart() -> None:
    assert set(mentions("鼓楼区软件大道")[0].codes) >= {"320106", "350102", "410204", "320302"}
    assert division_of("鼓楼区软件大道") is None
    assert division_of("鼓楼区软件大道", near=["350100"]) == "350102"
    assert division_of("朝阳区建国路", near=["110000"]) == "110105"
    assert division_of("朝阳区建国路", near=["330100"]) is None
    assert set(mentions("鼓楼区", near=["320000"])[0].codes) == {"320106", "320302"}
    assert division_of("吉林某某酒店") is None


def test_the_bare_name_of_a_district_names_nothing_without_its_parent() -> None:
    assert mentions("余杭宾馆") == []
    assert mentions("江苏东海酒店") == [Mention("江苏", 0, ("320000",))]


def test_two_counties_of_one_prefecture_name_the_prefecture() -> None:
    assert division_of("杭州市余杭区至杭州市萧山区") == "330100"


def test_a_mention_says_where_it_stands() -> None:
    text = "销售方:杭州西湖区某店"
    (mention,) = mentions(text)
    assert text[mention.start : mention.start + len(mention.text)] == mention.text == "杭州西湖区"


def test_a_text_is_read_in_well_under_a_millisecond() -> None:
    mentions(ADDRESS)
    start = time.perf_counter()
    for _ in range(200):
        mentions(ADDRESS)
    assert (time.perf_counter() - start) / 200 < 0.001
