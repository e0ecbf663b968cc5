"""What tickets and slips say: rail, air, taxi, fixed amount, motorway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tests.documents import parties
from tests.documents.numbers import digital_number, digits, local_code, plate
from tests.documents.places import CITIES, City, province_short
from tests.documents.sample import Leg, Truth

_FIRST, _LAST = date(2026, 6, 1), date(2026, 11, 23)
_LOCAL_CITIES = tuple(city for city in CITIES if city.has_local_code)
_NOTES = {100: "壹元", 200: "贰元", 500: "伍元", 1000: "拾元", 2000: "贰拾元", 5000: "伍拾元", 10000: "壹佰元"}


@dataclass(frozen=True)
class RailTicket:
    """An e-invoice of the railway."""

    truth: Truth
    bureau: City
    stations: tuple[str, str]
    train: str
    departs: str
    seat: str
    seat_class: str
    passenger: str
    passenger_id: str
    ticket_number: str
    qr_text: str


@dataclass(frozen=True)
class AirTicket:
    """An itinerary of one flight or two; the parts of the amount in fen."""

    truth: Truth
    flights: tuple[str, ...]
    departs: tuple[str, ...]
    fare: int
    fuel: int
    fund: int
    passenger: str
    passenger_id: str
    ticket_number: str


@dataclass(frozen=True)
class TaxiSlip:
    """A taxi's thermal slip."""

    truth: Truth
    city: City
    plate: str
    driver: str
    starts: str
    ends: str
    yuan_per_km: str
    km: str
    waiting: str
    telephone: str


@dataclass(frozen=True)
class Coupon:
    """A receipt of a fixed amount, with the seller's stamp."""

    truth: Truth
    city: City
    in_words: str


@dataclass(frozen=True)
class TollSlip:
    """A motorway's slip."""

    truth: Truth
    city: City
    plate: str
    at: str
    lane: str
    collector: str


def rail(random: Random) -> RailTicket:
    """Any two stations; issued up to half a year after the journey."""
    start, end = random.sample(CITIES, 2)
    stations = random.choice(start.stations), random.choice(end.stations)
    issued = _day(random)
    travelled = issued - timedelta(random.choice((0, 1, 2, 3, 5, 20, 90)))
    fare = random.randint(40, 2400) * 50
    number = digital_number(random, start.code, str(issued.year), "9")
    tax = fare - round(fare * 100 / 109)
    buyer = parties.buyer(random)
    truth = Truth(
        document="rail",
        fapiao_code="",
        fapiao_number=number,
        issued_on=issued.isoformat(),
        amount_minor=fare,
        net_minor=fare - tax,
        tax_minor=tax,
        buyer_name=buyer.name,
        buyer_tax_id=buyer.tax_id,
        legs=(Leg(*stations, start.code, end.code, travelled.isoformat()),),
        place=end.code,
    )
    last = "".join(random.choice("0123456789abcdef") for _ in range(4))
    return RailTicket(
        truth=truth,
        bureau=start,
        stations=stations,
        train=random.choice("GGGDC") + str(random.randint(1, 8999)),
        departs=_time(random),
        seat=f"{random.randint(1, 16):02d}车{random.randint(1, 18):02d}{random.choice('ABCDF')}号",
        seat_class=random.choice(("二等座", "二等座", "二等座", "一等座", "商务座")),
        passenger=parties.person(random),
        passenger_id=parties.masked_id(random),
        ticket_number=digits(random, 19) + str(travelled.year),
        qr_text=f"01,51,,{number},{fare / 100:.2f},{issued:%Y%m%d},,{last}",
    )


def air(random: Random) -> AirTicket:
    """One flight, or two by way of another airport, or there and back."""
    first, middle, last = random.sample([city for city in CITIES if city.airport], 3)
    ways = random.choice((((first, last),),) * 3 + (((first, middle), (middle, last)), ((first, last), (last, first))))
    issued = _day(random)
    day = issued - timedelta(random.randint(0, 20))
    flights = tuple(random.choice(("CA", "MU", "CZ", "HU", "3U")) + str(random.randint(1001, 8999)) for _ in ways)
    legs = tuple(
        Leg(start.airport, end.airport, start.code, end.code, (day + timedelta(step)).isoformat())
        for step, (start, end) in enumerate(ways)
    )
    fare, fuel, fund = random.randint(30, 260) * 1000, 3000 * len(ways), 5000 * len(ways)
    tax = fare + fuel - round((fare + fuel) * 100 / 109)
    buyer = parties.buyer(random)
    truth = Truth(
        document="air",
        fapiao_code="",
        fapiao_number=digital_number(random, first.code, str(issued.year), "8"),
        issued_on=issued.isoformat(),
        amount_minor=fare + fuel + fund,
        tax_minor=tax,
        buyer_name=buyer.name,
        buyer_tax_id=buyer.tax_id,
        legs=legs,
        place=(ways[0][1] if ways[-1][1] == first else ways[-1][1]).code,
    )
    times = tuple(_time(random) for _ in ways)
    name, number = parties.person(random), parties.masked_id(random)
    return AirTicket(truth, flights, times, fare - tax, fuel, fund, name, number, "999" + digits(random, 10))


def taxi(random: Random) -> TaxiSlip:
    """A ride in a city, whose name stands in the title and in the code."""
    city = random.choice(_LOCAL_CITIES)
    day = _day(random)
    minutes, start = random.randint(6, 70), random.randint(6 * 60, 22 * 60)
    km = random.randint(18, 480) / 10
    fare = round(11 + km * random.choice((2.2, 2.5, 2.7, 3.0))) * 100 + random.choice((0, 0, 0, 50, 30))
    truth = Truth(
        document="taxi",
        fapiao_code=local_code(random, city, str(day.year), "1"),
        fapiao_number=digits(random, 8),
        issued_on=day.isoformat(),
        amount_minor=fare,
        legs=(Leg("", "", city.code, city.code, day.isoformat()),),
        place=city.code,
    )
    return TaxiSlip(
        truth=truth,
        city=city,
        plate=plate(random, city, "TTTXD"),
        driver=digits(random, 6),
        starts=_clock(start),
        ends=_clock(start + minutes),
        yuan_per_km=random.choice(("2.20", "2.50", "2.70", "3.00")),
        km=f"{km:.1f}",
        waiting=f"00:{random.randint(0, 14):02d}:{random.randint(0, 59):02d}",
        telephone=parties.telephone(random),
    )


def fixed(random: Random) -> Coupon:
    """Parking or a small meal: city in the code, amount printed, no date."""
    city = random.choice(_LOCAL_CITIES)
    amount = random.choice(list(_NOTES))
    seller = parties.seller(random, city, random.choice(("停车服务有限公司", "餐饮管理有限公司")))
    truth = Truth(
        document="fixed",
        fapiao_code=local_code(random, city, str(random.randint(2021, 2026)), random.choice("37")),
        fapiao_number=digits(random, 8),
        issued_on="",
        amount_minor=amount,
        seller_name=seller.name,
        seller_tax_id=seller.tax_id,
        seller_division=seller.division,
        place=city.code,
    )
    return Coupon(truth, city, _NOTES[amount])


def toll(random: Random) -> TollSlip:
    """From one gate of a city to another of it, or of a neighbour in the same province; the code names the province."""
    end = random.choice([city for city in _LOCAL_CITIES if len(city.short) < 4])
    near = [city for city in CITIES if city.code[:2] == end.code[:2]]
    start = random.choice(near)
    sides = random.sample(("北", "南", "东", "西"), 2)
    day = _day(random)
    amount = random.randint(5, 240) * 100
    company = f"{province_short(end.province)}示例高速公路联网收费管理有限公司"
    code = f"1{end.code[:2]}00{day:%y}{random.choice('12')}{digits(random, 4)}"
    truth = Truth(
        document="toll",
        fapiao_code=code,
        fapiao_number=digits(random, 8),
        issued_on=day.isoformat(),
        amount_minor=amount,
        seller_name=company,
        seller_division=end.code[:2] + "0000",
        legs=(Leg(start.short + sides[0], end.short + sides[1], start.code, end.code, day.isoformat()),),
        place=end.code,
    )
    at = f"{day} {_time(random)}:{random.randint(0, 59):02d}"
    return TollSlip(truth, end, plate(random, end), at, f"{random.randint(1, 12):02d}", digits(random, 6))


def _day(random: Random) -> date:
    return _FIRST + timedelta(random.randrange((_LAST - _FIRST).days + 1))


def _time(random: Random) -> str:
    return _clock(random.randint(6 * 60, 22 * 60 + 59))


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
