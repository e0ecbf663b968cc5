"""Fields of a printed receipt, found in its lines: by labels, by form, and by what agrees with what.

How sure a field is depends on more than on how clear its letters were: an amount whose figures and capitals agree, an
id whose check character is right, three sums that add up, are sure; a number that nothing bears out is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from server.receipts.fapiao import credit_code_error, parse_fapiao, registration_region
from server.receipts.readers.capitals import minor_of_capitals
from server.receipts.readers.fact import Fact, Source
from server.receipts.readers.lines import Line, after_label, in_reading_order, join, same_row
from server.receipts.readers.values import day_of, is_personal_id, minor_of, plain

BORNE_OUT = 0.97
"""For what a check character, a sum or a second form of the same bears out."""
PLAUSIBLE = 0.85
"""For what was clear to read and has the right form, but nothing else to show for it."""
READ_TWICE = 0.93
"""For figures that were recognised twice, each time the same, and have the right form."""
DOUBTFUL = 0.4

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{20}|[0-9]{8})(?![0-9])")
_NUMBER_20 = re.compile(r"(?<![0-9])[0-9]{20}(?![0-9])")
_CODE = re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{10})(?![0-9])")
_DAY = re.compile(r"20[0-9]{2}\s*[年\-/.]\s*[0-9]{1,2}\s*[月\-/.]\s*[0-9]{1,2}\s*日?|20[0-9]{6}(?![0-9])")
_MONEY = re.compile(r"[¥￥Y]\s*-?\s*[0-9][0-9,]*\.[0-9]{2}|-?[0-9][0-9,]*\.[0-9]{2}")
_SIGNED_MONEY = re.compile(r"[¥￥]\s*(-?\s*[0-9][0-9,]*\.[0-9]{2})")
_ID = re.compile(r"(?<![0-9A-Z])[1-9][0-9A-Z]{17}(?![0-9A-Z])(?<![0-9]{18})|(?<![0-9A-Z])[159][0-9]{17}(?![0-9A-Z])")
_CIPHER = re.compile(r"[<>*+/].*[<>*+/]")
_ISSUED_LABEL = re.compile(r"开\S?日期|票日期")
_CODE_LABEL = re.compile(r"发\S?代码|票代码")
_NUMBER_LABEL = re.compile(r"发\S?号码|票号码|^号码")
_ITEM = re.compile(r"\*[\u4e00-\u9fff、()]{2,14}\*[^\s*]{0,24}")
_STATION = re.compile(r"^([\u4e00-\u9fff]{2,7})站?$")
_TRAIN = re.compile(r"^[GDCKTZSYL]?[0-9]{1,4}$")
_LIKE_DIGITS = str.maketrans("OoIlSZ", "001152")
_NAME_ENDS = re.compile(r"[\s　]*(?:统一社会信用代码|纳税人识别号|地址|开户行|电话).*$")
_HEAD = re.compile(r"发票号码|发票代码|开票日期|电子发票|普通发票|专用发票|发票联|购买方")
_FOOT = re.compile(r"开票人|收款人|复核|价税合计|小写|大写|票价|金额|备注|12306|手写无效|旅途愉快|下车|出口")
_NO_REMARK = re.compile(
    r"小\s*写|大\s*写|价\s*税|[¥￥]|专用章|^[0-9A-Z]{15,20}$|^[零壹贰叁肆伍陆柒捌玖拾佰仟万圆元角分整]+$"
)
_SPLIT_LABELS = {"名": "称", "合": "计"}
_TITLES = (
    ("rail", re.compile(r"铁路电子客票|铁路客票|电子客票号|12306|旅途愉快")),
    ("air", re.compile(r"航空运输电子客票|行程单")),
    ("taxi", re.compile(r"出租(?:汽)?车")),
    ("toll", re.compile(r"通行费")),
    ("fixed", re.compile(r"定额发票")),
    ("digital", re.compile(r"电子发票\n?[((]")),
    ("vat", re.compile(r"增值税(?:电子)?(?:普通|专用)发票")),
    ("digital", re.compile(r"电子发票")),
)
_TITLE_PLACE = re.compile(r"([\u4e00-\u9fff]{2,12}(?:市|省|自治区|州|盟|地区))")


def fields_of(lines: Sequence[Line], source: Source) -> list[Fact]:
    """The facts that stand in the lines of one document."""
    ordered = _mended(in_reading_order([replace(line, text=plain(line.text)) for line in lines]))
    kind = _document(ordered)
    finder = _Finder(ordered, source)
    facts = [Fact("document", kind, source, PLAUSIBLE)] if kind else []
    facts += finder.numbers() if kind != "rail" else finder.digital_number()
    facts += finder.issued_on() if kind not in ("fixed", "taxi", "toll") else finder.day_of_slip()
    if kind == "rail":
        facts += [*finder.journey(), *finder.fare(), *finder.passenger()]
    elif kind in ("taxi", "toll", "fixed"):
        facts += [*finder.slip_amount(kind), *finder.title_place()]
        facts += finder.toll_stations() if kind == "toll" else []
    else:
        facts += [*finder.amounts(), *finder.parties(kind), *finder.items(), *finder.remark()]
    if kind == "rail":
        facts += finder.rail_buyer()
    return _weighed(facts)


def is_upright(lines: Sequence[Line]) -> int:
    """1 where what stands at the head of receipts is above what stands at their foot, -1 where it is below, else 0."""
    head = [line.middle for line in lines if _HEAD.search(line.text)]
    foot = [line.middle for line in lines if _FOOT.search(line.text)]
    if not head or not foot:
        return 0
    return 1 if sum(head) / len(head) < sum(foot) / len(foot) else -1


def _mended(lines: Sequence[Line]) -> list[Line]:
    """The lines, with labels put together that are printed with wide gaps: 名    称, 合    计."""
    ends = {id(end): start for start in lines if start.text in _SPLIT_LABELS for end in _label_ends(lines, start)}
    starts = {id(start) for start in ends.values()}
    kept = [line for line in lines if id(line) not in starts]
    return [
        join([ends[id(line)], line], ends[id(line)].text + line.text) if id(line) in ends else line for line in kept
    ]


def _label_ends(lines: Sequence[Line], start: Line) -> list[Line]:
    """The nearest line to the right in the same row, where it goes on as the label does."""
    right = [line for line in lines if line.left > start.left and same_row(start, line)]
    nearest = sorted(right, key=lambda line: line.left)[:1]
    return [line for line in nearest if line.text.startswith(_SPLIT_LABELS[start.text])]


def _document(lines: Sequence[Line]) -> str:
    text = "\n".join(line.text.replace(" ", "") for line in lines)
    return next((kind for kind, title in _TITLES if title.search(text)), "")


class _Finder:
    """One document's lines, asked for one field after the other."""

    def __init__(self, lines: Sequence[Line], source: Source) -> None:
        self.lines = lines
        self.source = source

    def fact(self, kind: str, value: str, line: Line, ceiling: float, leg: int = 0) -> Fact:
        """A fact no surer than its letters were clear, and than what bears it out."""
        sure = ceiling
        if self.source == "ocr":
            if line.same_twice and ceiling == PLAUSIBLE:
                ceiling = READ_TWICE
            sure = min(ceiling, line.confidence, 1.0 if line.same_twice is not False else DOUBTFUL)
        return Fact(kind, value, self.source, sure, leg=leg, page=line.page, box=line.spot or line.box)

    def numbers(self) -> Iterator[Fact]:
        codes = after_label(self._digits(), _CODE_LABEL, _CODE)
        numbers = after_label(self._digits(), _NUMBER_LABEL, _NUMBER)
        if not numbers:
            yield from self.digital_number()
            return
        number = numbers[0]
        if len(number.text) == 8 and codes:
            yield self.fact("fapiao_code", codes[0].text, codes[0], PLAUSIBLE)
        if len(number.text) == 20 or codes:
            yield self.fact("fapiao_number", number.text, number, PLAUSIBLE)

    def digital_number(self) -> Iterator[Fact]:
        for line in self._digits():
            match = _NUMBER_20.search(line.text.replace(" ", ""))
            if match and parse_fapiao("", match[0]):
                yield self.fact("fapiao_number", match[0], line, PLAUSIBLE)
                return

    def issued_on(self) -> Iterator[Fact]:
        for line in after_label(self.lines, _ISSUED_LABEL, _DAY)[:1]:
            yield self.fact("issued_on", day_of(line.text), line, PLAUSIBLE)

    def day_of_slip(self) -> Iterator[Fact]:
        """A slip's own day: beside its label, else the only day that stands on it."""
        labelled = after_label(self.lines, re.compile(r"日\s*期|时\s*间"), _DAY)
        days = labelled or [line.part(match) for line in self.lines if (match := _DAY.search(line.text))]
        if days and len({day_of(day.text) for day in days}) == 1:
            yield self.fact("issued_on", day_of(days[0].text), days[0], PLAUSIBLE)

    def amounts(self) -> Iterator[Fact]:
        """Net, tax and total. Figures and capitals that agree are sure, and so are three that add up."""
        total = self._total()
        net, tax = self._sums()
        capitals = {minor_of_capitals(line.text) for line in self.lines} - {""}
        adds_up = total and net and tax and int(net.text) + int(tax.text) == int(total.text)
        if total:
            borne_out = adds_up or total.text in capitals or total.text.lstrip("-") in capitals
            contradicted = bool(capitals) and not borne_out
            yield self.fact("amount_total", total.text, total, _degree(bool(borne_out), contradicted))
        elif len(capitals) == 1:
            line = next(line for line in self.lines if minor_of_capitals(line.text))
            yield self.fact("amount_total", capitals.pop(), line, PLAUSIBLE)
        if net and tax:
            yield self.fact("amount_net", net.text, net, _degree(bool(adds_up), False))
            yield self.fact("amount_tax", tax.text, tax, _degree(bool(adds_up), False))

    def parties(self, kind: str) -> Iterator[Fact]:
        """The buyer stands on the left, or on older invoices above; the seller on the right, or below."""
        is_older = kind == "vat" or (kind != "digital" and any(_CODE_LABEL.search(line.text) for line in self.lines))

        def who(line: Line) -> str:
            return "buyer" if (line.middle if is_older else line.left) < 0.5 else "seller"

        for line in self._labelled_names():
            if line.text:
                yield self.fact(f"{who(line)}_name", line.text, line, PLAUSIBLE)
        for line in self._ids():
            yield from self._tax_id(who(line), line)
        address = after_label(self.lines, re.compile(r"地\s*址\s*[、,]?\s*电\s*话"), re.compile(r"[\u4e00-\u9fff].+"))
        for line in address[-1:]:
            yield self.fact("seller_address", line.text, line, PLAUSIBLE)

    def _tax_id(self, who: str, line: Line) -> Iterator[Fact]:
        is_sound = credit_code_error(line.text) is None
        if not is_personal_id(line.text):
            yield self.fact(f"{who}_tax_id", line.text, line, _degree(is_sound, not is_sound))

    def items(self) -> Iterator[Fact]:
        for line in self.lines:
            for match in _ITEM.finditer(line.text):
                yield self.fact("item", match[0], line.part(match), PLAUSIBLE)

    def remark(self) -> Iterator[Fact]:
        """What stands at the foot, right of or below 备注, down to who issued it."""
        starts = [line for line in self.lines if re.match(r"^备\s*注?\s*[:：]?", line.text)]
        ends = [line.middle for line in self.lines if re.search(r"开\s*票\s*人|收\s*款\s*人", line.text)]
        if not starts:
            return
        label = starts[0]
        bottom = max(ends, default=1.0)
        text = re.compile(r"^备\s*注?\s*[:：]?\s*|^注$")
        for line in self.lines:
            value = text.sub("", line.text)
            is_inside = line.page == label.page and line.left >= label.left - 0.01
            is_inside = is_inside and label.middle - 1.5 * label.height <= line.middle < bottom
            if is_inside and len(value) > 3 and not _NO_REMARK.search(value):
                yield self.fact("remark", value, line, PLAUSIBLE)

    def journey(self) -> Iterator[Fact]:
        """Two stations in one row, the train between them; and the day of travel."""
        bare = [replace(line, text=line.text.replace(" ", "")) for line in self.lines]
        stations = [line for line in bare if (match := _STATION.match(line.text)) and _is_station(line, match)]
        pairs = [(a, b) for a in stations for b in stations if a.left < b.left and same_row(a, b)]
        if pairs:
            start, end = max(pairs, key=lambda pair: pair[0].height)
            yield self.fact("departure", start.text, start, PLAUSIBLE)
            yield self.fact("destination", end.text, end, PLAUSIBLE)
        issued = [line.box for line in after_label(self.lines, _ISSUED_LABEL, _DAY)]
        for line in self.lines:
            match = _DAY.search(line.text)
            if match and "开票" not in line.text and line.part(match).box not in issued:
                yield self.fact("travel_on", day_of(match[0]), line.part(match), PLAUSIBLE)
                return

    def passenger(self) -> Iterator[Fact]:
        """The name beside the masked identity number, which itself is not kept."""
        for line in after_label(
            self.lines, re.compile(r"[0-9]{6,10}\*{2,}[0-9]{3}[0-9X]"), re.compile(r"[\u4e00-\u9fff·]{2,12}")
        ):
            yield self.fact("passenger", line.text, line, PLAUSIBLE)

    def fare(self) -> Iterator[Fact]:
        for line in after_label(self.lines, re.compile(r"票\s*价"), _MONEY)[:1]:
            yield self.fact("amount_total", minor_of(_figures(line.text)), line, PLAUSIBLE)

    def rail_buyer(self) -> Iterator[Fact]:
        for line in after_label(self.lines, re.compile(r"购买方名称"), re.compile(r"[^\s:：].*")):
            yield self.fact("buyer_name", _NAME_ENDS.sub("", line.text), line, PLAUSIBLE)
        for line in self._ids()[:1]:
            yield from self._tax_id("buyer", line)

    def slip_amount(self, kind: str) -> Iterator[Fact]:
        """The amount of a taxi's, a toll's or a fixed slip."""
        if kind == "fixed":
            for line in self.lines:
                match = re.fullmatch(r"([壹贰叁肆伍陆柒捌玖拾佰]+)[圆元]整?", line.text.replace(" ", ""))
                if match and (value := minor_of_capitals(match[1] + "圆整")):
                    yield self.fact("amount_total", value, line, self._fixed_degree(value))
                    return
        for line in after_label(self.lines, re.compile(r"金\s*额|实\s*收|车\s*费|合\s*计|应\s*收"), _SLIP_MONEY)[:1]:
            yield self.fact("amount_total", minor_of(_figures(line.text)), line, PLAUSIBLE)

    def _fixed_degree(self, value: str) -> float:
        figures = {minor_of(_figures(m[0])) for line in self.lines for m in _SLIP_MONEY.finditer(line.text)}
        return BORNE_OUT if value in figures else PLAUSIBLE

    def title_place(self) -> Iterator[Fact]:
        """The city in a slip's title: who runs the taxi, whose tax bureau printed it."""
        for line in self.lines:
            match = _TITLE_PLACE.search(line.text.replace(" ", ""))
            if match and re.search(r"发票|出租|通行费|税务", line.text):
                yield self.fact("title", line.text, line, PLAUSIBLE)
                return

    def toll_stations(self) -> Iterator[Fact]:
        for kind, label in (("departure", r"入\s*口(?:\s*站)?"), ("destination", r"出\s*口(?:\s*站)?")):
            for line in after_label(self.lines, re.compile(label), re.compile(r"[\u4e00-\u9fff]{2,8}"))[:1]:
                yield self.fact(f"toll_{kind}", line.text, line, PLAUSIBLE)

    def _digits(self) -> list[Line]:
        """The lines, with letters that look like figures made figures where only figures can stand."""
        return [
            replace(line, text=line.text.translate(_LIKE_DIGITS)) if re.search(r"[0-9]{6}", line.text) else line
            for line in self.lines
        ]

    def _total(self) -> Line | None:
        for line in after_label(self.lines, re.compile(r"小\s*\S?\s*[)）]|小\s*写"), _MONEY)[:1]:
            return replace(line, text=minor_of(_figures(line.text)))
        beside = [line for line in self.lines if re.search(r"价\s*税\s*合\s*计", line.text)]
        for label in beside:
            for line in self.lines:
                match = _SIGNED_MONEY.search(line.text)
                if match and same_row(label, line):
                    return replace(line.part(match), text=minor_of(_figures(match[0])))
        return None

    def _sums(self) -> tuple[Line | None, Line | None]:
        """Net amount and tax: the two amounts with the currency's sign in the row of 合计."""
        labels = [line for line in self.lines if re.match(r"^合\s*计?", line.text)]
        labels = [line for line in labels if "价" not in line.text]
        for label in labels:
            row = [
                replace(line.part(match), text=minor_of(_figures(match[0])))
                for line in self.lines
                if line.page == label.page and abs(line.middle - label.middle) < max(label.height, line.height)
                for match in _MONEY.finditer(line.text)
            ]
            if len(row) == 2:
                return row[0], row[1]
        return None, None

    def _labelled_names(self) -> list[Line]:
        label = re.compile(r"名\s*称\s*[:：]?")
        value = re.compile(r"[\u4e00-\u9fffA-Za-z(][^:：]*")
        lines = [line for line in self.lines if not re.search(r"项目名称|货物|服务名称", line.text)]
        split = [piece for line in lines for piece in _halves(line, label)]
        found = after_label(split, label, value)
        return [replace(line, text=_NAME_ENDS.sub("", line.text).strip(" :：")) for line in found]

    def _ids(self) -> list[Line]:
        """Tax ids by their form: their labels are small and often misread, and a check character needs no label."""
        found = []
        for line in self.lines:
            if not _CIPHER.search(line.text):
                found += [self._repaired(line.part(match)) for match in _ID.finditer(line.text)]
        return found

    def _repaired(self, line: Line) -> Line:
        """An id whose letters were taken for others that ids never have."""
        if self.source == "pdf" or credit_code_error(line.text) is None:
            return line
        return replace(line, text=line.text.translate(str.maketrans("OISZV", "0152U")))


_SLIP_MONEY = re.compile(r"[¥￥Y]?\s*[0-9]{1,5}(?:\.[0-9]{1,2})?\s*元?")


def _halves(line: Line, label: re.Pattern[str]) -> Iterator[Line]:
    """A line that holds a label twice is two lines: two columns that were read as one."""
    starts = [match.start() for match in label.finditer(line.text)]
    if len(starts) < 2:
        yield line
        return
    for start, end in zip(starts, [*starts[1:], len(line.text)], strict=True):
        match = re.compile(r".*", re.DOTALL).match(line.text, start, end)
        if match:
            yield line.part(match)


def _is_station(line: Line, match: re.Match[str]) -> bool:
    return line.text.endswith("站") or not re.search(r"[票号价座席名称证件购买方日期]", match[1])


def _figures(text: str) -> str:
    return re.sub(r"[^0-9.,\-]", "", text.replace("Y", ""))


def _degree(borne_out: bool, contradicted: bool) -> float:
    return BORNE_OUT if borne_out else DOUBTFUL if contradicted else PLAUSIBLE


def _weighed(facts: Sequence[Fact]) -> list[Fact]:
    """What the fields say of each other: a number's year and region against the date and the seller."""
    facts = [fact for fact in facts if fact.value]
    by_kind = {fact.kind: fact for fact in facts}
    number, day, seller = (by_kind.get(kind) for kind in ("fapiao_number", "issued_on", "seller_tax_id"))
    code = by_kind.get("fapiao_code")
    doubted: set[str] = set()
    if number and len(number.value) == 20 and day and number.value[:2] != day.value[2:4]:
        doubted |= {"fapiao_number", "issued_on"}
    if code and day and code.value[5:7] > day.value[2:4] and len(code.value) == 12:
        doubted |= {"fapiao_code", "issued_on"}
    parsed = (
        parse_fapiao(code.value if code and number and len(number.value) == 8 else "", number.value) if number else None
    )
    if number and (parsed is None or parsed.region is None):
        doubted |= {"fapiao_number", "fapiao_code"}
    if day and not _is_day_of_life(day.value):
        doubted.add("issued_on")
    if seller and seller.confidence < PLAUSIBLE and registration_region(seller.value) is None:
        doubted.add("seller_tax_id")
    return [
        replace(fact, confidence=min(fact.confidence, DOUBTFUL)) if fact.kind in doubted else fact for fact in facts
    ]


def _is_day_of_life(day: str) -> bool:
    return date(2010, 1, 1) <= date.fromisoformat(day) < date(2100, 1, 1)
