"""Where the demo month happens: real prefectures, invented shops. For demo data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.receipts.fapiao import credit_code_error


@dataclass(frozen=True)
class City:
    """A prefecture with one of its counties, a station, a position, and its two digits in fully digital numbers."""

    name: str
    code: str
    county: str
    station: str
    lat: float
    lon: float
    region: str


@dataclass(frozen=True)
class Seller:
    """An invented shop. Without a tax id for taxis and the railway."""

    name: str
    tax_id: str
    city: City


HOME = City("上海市", "310000", "310112", "上海虹桥", 31.19, 121.32, "31")
CITIES = (
    City("杭州市", "330100", "330110", "杭州东", 30.29, 120.00, "33"),
    City("宁波市", "330200", "330203", "宁波", 29.87, 121.54, "93"),
    City("南京市", "320100", "320115", "南京南", 31.95, 118.84, "32"),
    City("合肥市", "340100", "340104", "合肥南", 31.82, 117.21, "34"),
    City("武汉市", "420100", "420106", "武汉", 30.55, 114.32, "42"),
    City("长沙市", "430100", "430111", "长沙南", 28.14, 113.03, "43"),
    City("郑州市", "410100", "410105", "郑州东", 34.78, 113.67, "41"),
    City("济南市", "370100", "370112", "济南西", 36.68, 117.08, "37"),
    City("青岛市", "370200", "370213", "青岛北", 36.16, 120.41, "92"),
    City("西安市", "610100", "610113", "西安北", 34.21, 108.95, "61"),
    City("成都市", "510100", "510107", "成都东", 30.64, 104.04, "51"),
    City("广州市", "440100", "440106", "广州南", 23.13, 113.36, "44"),
    City("深圳市", "440300", "440306", "深圳北", 22.56, 113.88, "95"),
    City("沈阳市", "210100", "210112", "沈阳北", 41.72, 123.44, "21"),
)
SITES = ("自来水公司泵站", "热电厂", "污水处理厂", "化工园区", "电子厂房")
_WORDS = {
    "lodging": ("安泊酒店", "云栖客舍", "驿庭宾馆"),
    "meal": ("家常菜馆", "小厨饭店", "百味食堂", "清粥餐饮店", "稻香饭庄", "工友餐厅"),
    "tool": ("机电工具商行", "五金工具店"),
    "parts": ("密封件经营部", "轴承配件商行"),
    "other": ("打印快印社", "劳保用品店"),
}


def sellers(city: City, category: str) -> list[Seller]:
    """The city's shops for a category, always the same ones."""
    first = 100 * list(_WORDS).index(category) + 1
    return [
        Seller(f"{city.name}{word}（示例）", _credit_code(city.county, first + at), city)
        for at, word in enumerate(_WORDS[category])
    ]


def railway() -> Seller:
    """The railway, whose tickets name stations instead of a place of sale."""
    return Seller("中国铁路（示例）", "", HOME)


def taxis(city: City) -> Seller:
    """The city's taxis, whose slips carry a title."""
    return Seller(f"{city.name}出租汽车", "", city)


class Numbers:
    """Invoice numbers as they are given out: growing, and never near another's unless asked to be."""

    def __init__(self, year: int) -> None:
        self.year = year % 100
        self._last = 0

    def digital(self, city: City, channel: int = 2) -> str:
        """A fully digital number of 20 digits of the city's tax bureau; channel 9 is the railway's."""
        self._last += 7919
        return f"{self.year:02}{city.region}{channel}{self._last:015}"

    def slip(self, city: City) -> tuple[str, str]:
        """Code and number of a slip off a roll: its code names the prefecture."""
        self._last += 7919
        return f"1{city.code[:4]}{self.year:02}71234", f"{self._last % 10**8:08}"


def after(number: str, steps: int = 1) -> str:
    """The number so many steps further on the same stack."""
    return f"{int(number) + steps:0{len(number)}}"


def noon(day: date) -> str:
    """Noon of a day in China, as a phone writes it."""
    return f"{day.isoformat()}T12:00:00+08:00"


def _credit_code(division: str, number: int) -> str:
    """An invented company's id with a right check character (GB 32100-2015)."""
    body = f"91{division}{number:09}"
    return next(body + end for end in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code_error(body + end) is None)
