"""Sellers, buyers and people: realistic in length and place, synthetic by name."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.documents.numbers import credit_code, digits
from tests.documents.places import BY_CODE, CITIES, City

_WORDS = (
    "云栖",
    "临江",
    "锦程",
    "悦来",
    "星海",
    "望湖",
    "金桥",
    "朗润",
    "和顺",
    "东篱",
    "听涛",
    "天目",
    "瑞丰",
    "嘉悦",
    "清源",
)
_ROADS = (
    "解放路",
    "人民东路",
    "中山北路",
    "建设大道",
    "文三路",
    "滨河西路",
    "新华街",
    "迎宾大道",
    "科技园二路",
    "长江中路",
)
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高"
_GIVEN = ("伟", "芳", "建国", "秀英", "志强", "晓燕", "海波", "雪梅", "文博", "子涵", "立新", "玉兰")
_OFFICES = ("310000", "110000", "440300", "440100", "330100")
"""Where chains keep their head offices."""
_BUYERS = (
    ("杭州示例精密设备有限公司", "330110"),
    ("上海样例自动化科技股份有限公司", "310115"),
    ("示例重工（青岛）售后服务有限责任公司", "370203"),
)
WHOLE_CITY_SHARE = 0.08
"""Sellers whose id names the prefecture and no county: seen on real documents."""


@dataclass(frozen=True)
class Seller:
    """Who issued the document, and the city whose tax bureau it belongs to."""

    name: str
    tax_id: str
    division: str
    address: str
    city: City


@dataclass(frozen=True)
class Buyer:
    """The company that is billed."""

    name: str
    tax_id: str


def buyer(random: Random) -> Buyer:
    """One of three companies; each always has the same tax id."""
    name, division = random.choice(_BUYERS)
    return Buyer(name, credit_code(Random(name), division))


def seller(random: Random, city: City, ending: str, *, kind: str = "91") -> Seller:
    """A seller registered in a city, such as 杭州示例临江酒店有限公司."""
    county = random.choice(city.counties)
    division = city.code if random.random() < WHOLE_CITY_SHARE else county
    word, mark = random.choice(_WORDS), random.choice(("示例", "样例"))
    where = random.choice((city.short, city.name, city.short + city.county_name(county)))
    name = f"{where}{mark}{word}{ending}"
    return Seller(name, credit_code(random, division, kind), division, address(random, city, county), city)


def head_office(random: Random, elsewhere: City, ending: str) -> Seller:
    """A chain's company, registered in another city than the one given."""
    city = BY_CODE[random.choice([code for code in _OFFICES if code != elsewhere.code])]
    county = random.choice(city.counties)
    word = random.choice(_WORDS)
    name = random.choice((f"示例{word}{ending[:-4]}（{city.short}）有限公司", f"{city.short}样例{word}连锁{ending}"))
    return Seller(name, credit_code(random, county), county, address(random, city, county), city)


def address(random: Random, city: City, county: str) -> str:
    """浙江省杭州市西湖区文三路118号."""
    start = random.choice((city.full, city.full, city.name))
    return f"{start}{city.county_name(county)}{random.choice(_ROADS)}{random.randint(1, 1899)}号"


def telephone(random: Random) -> str:
    """A number in a range that is not given out."""
    return "0000-" + digits(random, 8)


def person(random: Random) -> str:
    """A name."""
    return random.choice(_SURNAMES) + random.choice(_GIVEN)


def masked_id(random: Random) -> str:
    """An identity number as tickets print it."""
    birth = f"{random.choice(CITIES).counties[0]}{random.randint(1965, 2003)}"
    return f"{birth}****{digits(random, 3)}{random.choice('0123456789X')}"
