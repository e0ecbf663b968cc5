"""The names of divisions as texts use them, and the words that look like them but name no place."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from server.places.divisions import all_divisions, granularity, prefecture_of
from server.places.short_names import short_name


class Use(Enum):
    """Where in a text a name is believed."""

    ANYWHERE = "anywhere"
    AT_START = "at_start"
    AFTER_PARENT = "after_parent"


@dataclass(frozen=True)
class Entry:
    """One division that a name can mean."""

    code: str
    use: Use
    is_short: bool
    deep: bool = True
    """For a county's short name: it is believed after the province too, not only after the prefecture."""
    not_after: str = ""
    """The name is part of another word after one of these characters."""


OTHER_NAMES = {
    "内蒙": "150000",
    "雄安新区": "130600",
    "雄安": "130600",
    "锡盟": "152500",
    "兴安盟": "152200",
    "博州": "652700",
    "巴州": "652800",
    "克州": "653000",
    "襄樊": "420600",
    "襄樊市": "420600",
    "思茅市": "530800",
    "莱芜市": "370100",
    "香港": "810000",
    "澳门": "820000",
    "台湾": "710000",
}
"""Names in use besides the official ones; 襄樊, 思茅市 and 莱芜市 are former."""

NAMESAKES = frozenset({"朝阳", "中山", "吉林"})
"""Short names that stand for several places alike, so that the bare name means none of them in particular."""

_TWO_WAYS = ("海南", "海西", "兴安")
"""Short names of prefectures that mean something else standing alone: the province, a coast, a mountain range."""

_NOT_AFTER = {
    "山东": "中泰华南金宝萧房香江黄梅青北佛西东",
    "山西": "中泰华南金宝萧房香江黄梅青北佛西东",
    "湖南": "太西东南北巢洪玄镜",
    "湖北": "太西东南北巢洪玄镜",
    "河南": "黄运淮天清通护内外银三辽",
    "河北": "黄运淮天清通护内外银三辽",
    "江西": "长珠浦闽湘",
    "海东": "渤南北东黄",
    "海北": "渤南东黄上",
    "海南": "上渤黄",
    "中山": "孙",
    "白山": "长",
    "包头": "面",
}

_ROAD = (
    r"[东南西北中内外上下前后老新]?[一二三四五六七八九十0-9]*"
    r"(?:路(?!桥|由|政|透|灯|况|虎|易)|街|大街|大路|大道|道(?!路|具|口|教|县|真|孚)|巷|弄|胡同)"
)
_DISH = (
    r"(?:正宗|特色|传统|手工|老字号|老|风味|过桥)*(?:烤鸭|烤鱼|烤肉|烤串|烤羊|烤全羊|烤冷面|烧烤|拉面|牛肉|牛杂|羊肉|羊汤|羊杂|火锅|"
    r"小面|小吃|小笼|小炒|米粉|米线|粉(?!色|末|碎|丝)|面馆|面庄|面食|面(?!料|积|向|对|粉|包)|刀削面|臭豆腐|豆腐|豆花|豆皮|豆捞|"
    r"菜(?!鸟|市|场|篮)|料理|泡馍|肉夹馍|凉皮|凉粉|大排档|汤包|包子|馄饨|生煎|炒货|炒饭|炒肝|板鸭|盐水鸭|鸭血|酱鸭|鸭脖|"
    r"卤味|卤肉|卤鸭|热干面|酸辣粉|串串|冒菜|钵钵鸡|麻辣|麻花|炸酱面|涮肉|烩面|胡辣汤|螺蛳粉|早茶|肠粉|烧腊|烧鹅|烧鸡|烧饼|"
    r"煲仔|茶餐厅|奶茶|手抓|海鲜|饺子|水饺|铁锅炖|冷面|煎饼|扒鸡|肉饼|大盘鸡|锅盔|抄手|担担面|肥肠|鱼头|土菜|味道|特产|驴肉|"
    r"火烧|板面|地锅|鸡饭|鸡煲|鸡公煲|椰子鸡|瓦罐|拌粉|酸汤|汽锅鸡|野生菌|兔头|狗不理|火腿|粽子|月饼|毛尖|毛峰|瓜片|白茶|红茶|"
    r"龙井|茶(?!馆|楼|室)|美食|小龙虾|龙虾|大闸蟹|老白干|布鞋)"
)
_ELSEWHERE = r"大厦|广场|桥(?!梁|西|东)|河(?!北|南|东|西|道|海|源|池|津)|湾(?!区|里)|滩|(?:镇|村)(?!镇|口)|扑克|锁"
_TRAP = re.compile(rf"{_ROAD}|{_DISH}|{_ELSEWHERE}")

_AFTER_A_FULL_NAME = {"区": re.compile("域|块|间|别|分"), "市": re.compile("值|场"), "省": re.compile("道|级")}


def is_after_trap(text: str, end: int) -> bool:
    """Whether what follows makes a short name that of a street, a dish, a building: 北京路, 兰州拉面, 四川大厦."""
    return _TRAP.match(text, end) is not None


def is_in_word(name: str, text: str, end: int) -> bool:
    """Whether a full name is only the beginning of words: 朝阳区域, 浙江省道."""
    pattern = _AFTER_A_FULL_NAME.get(name[-1])
    return pattern is not None and pattern.match(text, end) is not None


def entries(name: str) -> tuple[Entry, ...] | None:
    """The divisions that a name can mean; none for a word that names no place; None for what is no name."""
    return _index()[0].get(name)


def lengths_from(first_two: str) -> tuple[int, ...]:
    """How long names are that begin with these two characters, the longest first."""
    return _index()[1].get(first_two, ())


@cache
def _words(kind: str) -> tuple[str, ...]:
    """From words.json. `common_words`: short names of counties and towns that are ordinary words too, believed only
    after the prefecture. `no_places`: words with a name in them that say nothing about where they stand.
    """
    rows = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))[kind]
    return tuple(word for row in rows for word in row.split())


@cache
def _index() -> tuple[dict[str, tuple[Entry, ...]], dict[str, tuple[int, ...]]]:
    names: dict[str, list[Entry]] = defaultdict(list)
    for code, known in all_divisions().items():
        names[known.zh].append(_full(code, known.zh))
    shorts = _prefectures_by_short_name()
    for code, known in all_divisions().items():
        short = short_name(known.zh)
        if short != known.zh:
            names[short].append(_short(code, short, shorts[short]))
        if known.zh.endswith("自治州"):
            names[short + "州"].append(Entry(code, Use.ANYWHERE, is_short=False))
    for name, code in OTHER_NAMES.items():
        if all(entry.code != code for entry in names[name]):
            names[name].append(Entry(code, Use.ANYWHERE, is_short=True))
    index = {name: tuple(found) for name, found in names.items()}
    index.update(dict.fromkeys(_words("no_places"), ()))
    return index, _lengths(index)


def _full(code: str, name: str) -> Entry:
    """A full name is believed anywhere, but 城区, 东区 or 唐县 only where a text begins or after the parent."""
    if len(name) > 2 or granularity(code) != "county":
        return Entry(code, Use.ANYWHERE, is_short=False)
    return Entry(code, Use.AFTER_PARENT if name.endswith("区") else Use.AT_START, is_short=True)


def _short(code: str, short: str, prefectures: set[str]) -> Entry:
    not_after = _NOT_AFTER.get(short, "")
    if granularity(code) == "province":
        return Entry(code, Use.ANYWHERE, is_short=True, not_after=not_after)
    if granularity(code) == "prefecture":
        use = Use.AFTER_PARENT if short in _TWO_WAYS else Use.ANYWHERE
        return Entry(code, use, is_short=True, not_after=not_after)
    if short in NAMESAKES:
        return Entry(code, Use.ANYWHERE, is_short=True, not_after=not_after)
    is_town = all_divisions()[code].zh.endswith("市") and len(prefectures) == 1 and short not in _words("common_words")
    if is_town:
        return Entry(code, Use.AT_START, is_short=True)
    is_district = all_divisions()[code].zh.endswith("区")
    return Entry(code, Use.AFTER_PARENT, is_short=True, deep=not is_district and short not in _words("common_words"))


def _prefectures_by_short_name() -> dict[str, set[str]]:
    """In which prefectures a short name lies (a province counts as one)."""
    found: dict[str, set[str]] = defaultdict(set)
    for code, known in all_divisions().items():
        found[short_name(known.zh)].add(prefecture_of(code) or code)
    return found


def _lengths(index: dict[str, tuple[Entry, ...]]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in index:
        lengths[name[:2]].add(len(name))
    return {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()}
