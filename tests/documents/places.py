"""Cities where the documents come from: every province, the planned cities, a county that is its own prefecture.

County codes are those of `server/places/divisions.json`; a test holds them to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.places.divisions import MUNICIPALITIES, all_divisions

PLANNED_REGION = {"2102": "91", "3702": "92", "3302": "93", "3502": "94", "4403": "95"}
"""Digits 3 and 4 of a fully digital number, by the first four digits of a planned city's code."""

_TABLE = """
110000 京A 110105,110108,110106 北京南,北京西,北京丰台 北京首都 39.9,116.4
120000 津A 120101,120104,120116 天津,天津西,天津南 天津滨海 39.1,117.2
130100 冀A 130102,130104,130108 石家庄 石家庄正定 38.0,114.5
130200 冀B 130202,130203 唐山 唐山三女河 39.6,118.2
140100 晋A 140105,140106 太原南 太原武宿 37.9,112.5
150100 蒙A 150102,150105 呼和浩特东 呼和浩特白塔 40.8,111.7
210100 辽A 210102,210103 沈阳北,沈阳南 沈阳桃仙 41.8,123.4
210200 辽B 210202,210204 大连北 大连周水子 38.9,121.6
220100 吉A 220102,220104 长春西 长春龙嘉 43.9,125.3
230100 黑A 230102,230103 哈尔滨西 哈尔滨太平 45.8,126.5
310000 沪A 310104,310112,310115 上海虹桥,上海 上海浦东 31.2,121.5
320100 苏A 320106,320115 南京南 南京禄口 32.1,118.8
320200 苏B 320211,320213 无锡东 无锡硕放 31.6,120.3
320500 苏E 320508,320583 苏州北,昆山南 - 31.3,120.6
330100 浙A 330106,330110 杭州东,杭州西 杭州萧山 30.3,120.2
330200 浙B 330203,330212 宁波 宁波栎社 29.9,121.5
330700 浙G 330702,330782,330781 金华,义乌 义乌 29.1,119.6
340100 皖A 340103,340104 合肥南 合肥新桥 31.8,117.2
350100 闽A 350102,350104 福州南 福州长乐 26.1,119.3
350200 闽D 350203,350206 厦门北 厦门高崎 24.5,118.1
360100 赣A 360102,360111 南昌西 南昌昌北 28.7,115.9
370100 鲁A 370102,370103 济南西 济南遥墙 36.7,117.0
370200 鲁B 370202,370203 青岛北 青岛胶东 36.1,120.4
370600 鲁F 370602,370611 烟台 烟台蓬莱 37.5,121.4
410100 豫A 410103,410105 郑州东 郑州新郑 34.7,113.6
420100 鄂A 420102,420106 武汉,汉口 武汉天河 30.6,114.3
429004 鄂M 429004 仙桃西 - 30.4,113.4
430100 湘A 430102,430104 长沙南 长沙黄花 28.2,112.9
440100 粤A 440104,440106 广州南 广州白云 23.1,113.3
440300 粤B 440304,440305 深圳北 深圳宝安 22.55,114.05
440600 粤E 440605,440606 佛山西 佛山沙堤 23.0,113.1
450100 桂A 450102,450103 南宁东 南宁吴圩 22.8,108.4
460100 琼A 460106,460108 海口东 海口美兰 20.0,110.3
500000 渝A 500103,500112 重庆北,重庆西 重庆江北 29.6,106.5
510100 川A 510104,510107 成都东 成都双流 30.6,104.1
510700 川B 510703,510704 绵阳 绵阳南郊 31.5,104.7
520100 贵A 520102,520103 贵阳北 贵阳龙洞堡 26.6,106.7
530100 云A 530102,530103 昆明南 昆明长水 25.0,102.7
540100 藏A 540102 拉萨 拉萨贡嘎 29.65,91.1
610100 陕A 610104,610113 西安北 西安咸阳 34.3,108.9
620100 甘A 620102,620103 兰州西 兰州中川 36.1,103.8
630100 青A 630103,630104 西宁 西宁曹家堡 36.6,101.8
640100 宁A 640104,640106 银川 银川河东 38.5,106.3
650100 新A 650102,650103 乌鲁木齐 乌鲁木齐地窝堡 43.8,87.6
653100 新Q 653101 喀什 喀什 39.5,76.0
"""


@dataclass(frozen=True)
class City:
    """A prefecture-level place with what documents name in it; `position` is latitude, longitude (WGS-84, degrees).

    `airport` is empty where it has none.
    """

    code: str
    plate: str
    counties: tuple[str, ...]
    stations: tuple[str, ...]
    airport: str
    position: tuple[float, float]

    @property
    def name(self) -> str:
        """杭州市, 喀什地区."""
        return all_divisions()[self.code].zh

    @property
    def short(self) -> str:
        """杭州, 喀什."""
        return short_name(self.name)

    @property
    def province(self) -> str:
        """浙江省, 北京市."""
        return all_divisions()[self.code[:2] + "0000"].zh

    @property
    def full(self) -> str:
        """浙江省杭州市; a municipality stands alone."""
        return self.name if self.code[:2] in MUNICIPALITIES else self.province + self.name

    @property
    def has_local_code(self) -> bool:
        """Whether four digits of a local receipt's code name this city alone."""
        return self.code.endswith("00")

    def county_name(self, code: str) -> str:
        """西湖区; empty where the code is the city's own."""
        return "" if code == self.code else all_divisions()[code].zh


def short_name(name: str) -> str:
    """A name without its ending."""
    return name.removesuffix("市").removesuffix("地区") if len(name) > 2 else name


def province_short(name: str) -> str:
    """浙江, 内蒙古, 北京."""
    for ending in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"):
        name = name.removesuffix(ending)
    return name


def _city(line: str) -> City:
    code, plate, counties, stations, airport, position = line.split()
    latitude, longitude = (float(part) for part in position.split(","))
    return City(
        code, plate, tuple(counties.split(",")), tuple(stations.split(",")), airport.strip("-"), (latitude, longitude)
    )


CITIES = tuple(_city(line) for line in _TABLE.strip().splitlines())
BY_CODE = {city.code: city for city in CITIES}
