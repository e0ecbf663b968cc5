"""What each document says, before it is drawn or written: the truth, and what else stands on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.documents import parties
from tests.documents.numbers import digital_number, digits, vat_code
from tests.documents.places import BY_CODE, CITIES, PLANNED_REGION, City, province_short
from tests.documents.sample import Document, Leg, Truth

_FIRST, _LAST = date(2026, 6, 1), date(2026, 11, 23)
_HEAD_OFFICE_SHARE = 0.1


@dataclass(frozen=True)
class Trade:
    """What is sold: item text, ending of the seller's name, tax rates in percent, prices in yuan, unit."""

    item: str
    ending: str
    rates: tuple[int, ...]
    yuan: tuple[int, int]
    unit: str


LODGING = Trade("*住宿服务*住宿费", "酒店管理有限公司", (6, 1, 6), (168, 1980), "天")
_LOCAL = (
    LODGING,
    LODGING,
    Trade("*餐饮服务*餐费", "餐饮管理有限公司", (6, 1), (35, 880), "次"),
    Trade("*餐饮服务*餐饮服务", "小吃店", (1, 1), (18, 260), ""),
    Trade("*经营租赁*停车费", "停车服务有限公司", (9, 5), (5, 120), ""),
    Trade("*五金工具*电动扳手", "五金机电有限公司", (13,), (89, 2600), "把"),
    Trade("*物流辅助服务*收派服务费", "速递有限公司", (6,), (12, 380), "件"),
)
_ABROAD = (
    Trade("*经纪代理服务*代订住宿费", "旅行社有限公司", (6,), (220, 1500), ""),
    Trade("*汽油*92号车用汽油", "石油销售有限公司", (13,), (150, 520), "升"),
)
"""Trades whose seller says little of where the service was."""


@dataclass(frozen=True)
class Invoice:
    """An e-invoice with its tax bureau: fully digital, or of the older VAT kind with a code and a check code."""

    truth: Truth
    bureau: City
    is_special: bool
    rate: int
    unit: str
    quantity: int
    telephone: str
    drawer: str
    check_code: str
    qr_text: str

    @property
    def title(self) -> str:
        """As printed at the top."""
        if self.truth.document == "vat":
            return f"{province_title(self.bureau)}增值税电子普通发票"
        return "电子发票（增值税专用发票）" if self.is_special else "电子发票（普通发票）"


def province_title(city: City) -> str:
    """浙江, 北京, 大连: the name a tax bureau puts before a title."""
    return city.short if city.code[:4] in PLANNED_REGION else province_short(city.province)


def invoice(random: Random, *, is_vat: bool = False) -> Invoice:
    """A hotel, a meal, a shop: nine in ten sold where the seller is registered."""
    city = random.choice(CITIES)
    is_local = random.random() >= _HEAD_OFFICE_SHARE
    trade = random.choice(_LOCAL if random.random() < 0.9 else _ABROAD)
    day = _day(random, is_vat)
    if is_local:
        seller = parties.seller(random, city, trade.ending, kind="92" if trade.ending == "小吃店" else "91")
    else:
        trade = LODGING if trade in _LOCAL else trade
        seller = parties.head_office(random, city, trade.ending)
    remark = _remark(random, trade, city, day, names_city=not is_local and trade is LODGING)
    net, tax, quantity, rate = _amounts(random, trade)
    return _invoice(
        random, seller, trade, day, remark, city, (net, tax), rate, quantity, "vat" if is_vat else "digital"
    )


def ride(random: Random) -> Invoice:
    """A ride billed by a platform registered far away; the city of the ride is nowhere on it."""
    city, office = random.choice(CITIES), BY_CODE[random.choice(("120000", "310000", "440100", "320500"))]
    trade = Trade("*运输服务*客运服务费", "出行科技有限公司", (3,), (11, 190), "次")
    seller = parties.seller(random, office, trade.ending)
    net, tax, _, rate = _amounts(random, trade)
    return _invoice(random, seller, trade, _day(random), "", city, (net, tax), rate, 1, "ride")


def toll(random: Random) -> Invoice:
    """A motorway's fee: the company is the province's, the stations are not stated."""
    city = random.choice(CITIES)
    trade = Trade("*经营租赁*通行费", "高速公路联网收费管理有限公司", (3,), (5, 220), "")
    seller = parties.seller(random, city, trade.ending)
    net, tax, _, rate = _amounts(random, trade)
    day = _day(random)
    made = _invoice(random, seller, trade, day, "", city, (net, tax), rate, 1, "toll")
    passed = (day - timedelta(random.randint(0, 9))).isoformat()
    return _with(made, legs=(Leg("", "", "", "", passed),))


def coach(random: Random) -> Invoice:
    """A coach ticket: the file states from, to and the day of travel."""
    start, end = random.sample(CITIES, 2)
    trade = Trade("*运输服务*客运服务费", "长途汽车客运有限公司", (3, 9), (25, 260), "人")
    seller = parties.seller(random, start, trade.ending)
    net, tax, _, rate = _amounts(random, trade)
    day = _day(random)
    travelled = (day - timedelta(random.randint(0, 5))).isoformat()
    made = _invoice(random, seller, trade, day, "", end, (net, tax), rate, 1, "coach")
    return _with(made, legs=(Leg(start.full, end.full, start.code, end.code, travelled),))


def _invoice(
    random: Random,
    seller: parties.Seller,
    trade: Trade,
    day: date,
    remark: str,
    place: City,
    amounts: tuple[int, int],
    rate: int,
    quantity: int,
    document: Document,
) -> Invoice:
    buyer = parties.buyer(random)
    net, tax = amounts
    year, is_vat = str(day.year), document == "vat"
    code = vat_code(random, seller.city.code, year) if is_vat else ""
    number = digits(random, 8) if is_vat else digital_number(random, seller.city.code, year)
    is_special = not is_vat and trade.ending != "小吃店" and document == "digital" and random.random() < 0.3
    check_code = digits(random, 20) if is_vat else ""
    qr_type = "10" if is_vat else "31" if is_special else "32"
    amount = net if is_vat else net + tax
    last = "".join(random.choice("0123456789ABCDEF") for _ in range(4))
    shown = f"{amount / 100:.2f}"
    qr_text = f"01,{qr_type},{code},{number},{shown},{day:%Y%m%d},{check_code},{last}" + ("," if is_vat else "")
    truth = Truth(
        document=document,
        fapiao_code=code,
        fapiao_number=number,
        issued_on=day.isoformat(),
        amount_minor=net + tax,
        net_minor=net,
        tax_minor=tax,
        seller_name=seller.name,
        seller_tax_id=seller.tax_id,
        seller_division=seller.division,
        seller_address=seller.address if is_vat or random.random() < 0.7 else "",
        buyer_name=buyer.name,
        buyer_tax_id=buyer.tax_id,
        item=trade.item,
        remark=remark,
        place=place.code,
    )
    return Invoice(
        truth, seller.city, is_special, rate, trade.unit, quantity,
        parties.telephone(random), parties.person(random), check_code, qr_text,
    )  # fmt: skip


def _with(made: Invoice, **changes: Any) -> Invoice:
    return replace(made, truth=replace(made.truth, **changes))


def _amounts(random: Random, trade: Trade) -> tuple[int, int, int, int]:
    """Net, tax, quantity, rate. The total is what a person paid: whole yuan mostly."""
    rate = random.choice(trade.rates)
    quantity = random.choice((1, 1, 2, 3)) if trade.unit in ("天", "把", "件") else 1
    price = random.randint(*trade.yuan) * 100 + random.choice((0, 0, 0, 0, 50, random.randint(0, 99)))
    total = price * quantity
    net = round(total * 100 / (100 + rate))
    return net, total - net, quantity, rate


def _remark(random: Random, trade: Trade, city: City, day: date, *, names_city: bool) -> str:
    if trade is not LODGING:
        return ""
    nights = random.randint(1, 4)
    stay = f"入住日期：{day - timedelta(nights)} 离店日期：{day}"
    if names_city:
        spot = random.choice(
            (*(f"{name}站" for name in city.stations), f"{city.short}火车站", f"{city.short}国际会展中心")
        )
        hotel = f"示例酒店（{spot}店）"
        return random.choice(
            (f"酒店名称：{hotel} {stay}", f"{hotel}", f"门店地址：{parties.address(random, city, city.counties[0])}")
        )
    return random.choice(("", "", "", stay, f"房号：{random.randint(2, 28)}{random.randint(1, 30):02d} {stay}"))


def _day(random: Random, is_vat: bool = False) -> date:
    """When it was issued. The older kind ended in 2024."""
    first, last = (date(2023, 1, 1), date(2024, 11, 30)) if is_vat else (_FIRST, _LAST)
    return first + timedelta(random.randrange((last - first).days + 1))
