"""Identity numbers with right check characters and regions, none of which was ever given out."""

from __future__ import annotations

from random import Random

from tests.documents.places import PLANNED_REGION, City

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def organisation_code(random: Random) -> str:
    """Nine characters, MAW to MAY and then five: a range that registration has not reached. Check by GB 11714."""
    body = "MA" + random.choice("WXY") + "".join(random.choice(_CREDIT) for _ in range(5))
    total = sum(_ORGANISATION.index(c) * weight for c, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    value = 11 - total % 11
    return body + {10: "X", 11: "0"}.get(value, str(value))


def credit_code(random: Random, division: str, kind: str = "91") -> str:
    """A unified social credit code registered in a division. Check by GB 32100-2015."""
    body = kind + division + organisation_code(random)
    total = sum(_CREDIT.index(character) * 3**place for place, character in enumerate(body))
    return body + _CREDIT[(31 - total % 31) % 31]


def digits(random: Random, count: int) -> str:
    """So many digits."""
    return "".join(random.choice("0123456789") for _ in range(count))


def digital_number(random: Random, division: str, year: str, channel: str = "") -> str:
    """Twenty digits: year, region of the tax bureau, issuing channel, sequence."""
    region = PLANNED_REGION.get(division[:4], division[:2])
    return year[2:] + region + (channel or random.choice("2222247")) + digits(random, 15)


def vat_code(random: Random, division: str, year: str) -> str:
    """The twelve digits of an ordinary e-invoice: 0, region, year, batch, 11."""
    region = division[:4] if division[:4] in PLANNED_REGION else division[:2] + "00"
    return f"0{region}{year[2:]}{random.choice(('001', '002', '003'))}11"


def local_code(random: Random, city: City, year: str, trade: str) -> str:
    """The twelve digits of a local receipt: 1, region down to the city, year, trade, four more."""
    return f"1{city.code[:4]}{year[2:]}{trade}{digits(random, 4)}"


def plate(random: Random, city: City, letters: str = "ABDEFT") -> str:
    """A number plate of a city, without the dot."""
    return city.plate + random.choice(letters) + digits(random, 4)
