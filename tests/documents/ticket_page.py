"""How tickets and slips look. No public template of these was at hand: drawn after descriptions and text layers."""

from __future__ import annotations

from random import Random

from tests.documents.journeys import AirTicket, Coupon, RailTicket, TaxiSlip, TollSlip
from tests.documents.numbers import digits
from tests.documents.page import BLACK, GREY, SEAL, Area, Line, Page, Qr, Stroke, Text, seal, stamp
from tests.documents.pinyin import pinyin
from tests.documents.places import PLANNED_REGION, province_short

_BLUE = (62, 106, 158)


def rail_page(ticket: RailTicket) -> Page:
    """电子发票（铁路电子客票）: labels with half-width colons, stations in large type with their sounds below."""
    truth = ticket.truth
    (start, end), leg = ticket.stations, truth.legs[0]
    bureau = ticket.bureau.name if ticket.bureau.code[:4] in PLANNED_REGION else ticket.bureau.province
    strokes: list[Stroke] = [
        Area(6, 7, 188, 1.2, (196, 214, 233)),
        Area(6, 106, 188, 5, (196, 214, 233)),
        *seal(100, 24, bureau, 14),
        Text(100, 10.5, "电子发票（铁路电子客票）", 5.6, SEAL, "song-bold", "middle"),
        Text(12, 22, f"发票号码:{truth.fapiao_number}", 4),
        Text(188, 22, f"开票日期:{_day(truth.issued_on)}", 4, align="right"),
        Text(50, 33, start, 7.4, face="song-bold", align="middle", field="DepartureStation"),
        Text(50 + 4.1 * len(start), 35.6, "站", 4.4),
        Text(150, 33, end, 7.4, face="song-bold", align="middle", field="DestinationStation"),
        Text(150 + 4.1 * len(end), 35.6, "站", 4.4),
        Text(100, 34, ticket.train, 6.6, align="middle"),
        Line(84, 43, 116, 43, 0.4, BLACK),
        Line(112, 41.4, 116, 43, 0.4, BLACK),
        Text(50, 43.4, pinyin(start), 4, align="middle"),
        Text(150, 43.4, pinyin(end), 4, align="middle"),
        Text(18, 52.5, f"{_day(leg.travel_on)}", 4.4),
        Text(66, 52.5, f"{ticket.departs}开", 4.4),
        Text(112, 52.5, ticket.seat, 4.4),
        Text(156, 52.5, ticket.seat_class, 4.4),
        Text(18, 62, f"票价:￥{truth.amount_minor / 100:.2f}", 4.4),
        Text(18, 71.5, ticket.passenger_id, 4.4),
        Text(72, 71.5, ticket.passenger, 4.4),
        Text(18, 81, f"电子客票号:{ticket.ticket_number}", 4),
        Text(12, 91, f"购买方名称:{truth.buyer_name}", 4),
        Text(112, 91, f"统一社会信用代码:{truth.buyer_tax_id}", 4),
        Text(14, 106.9, "买票请到12306 发货请到95306", 3.2, _BLUE),
        Text(186, 106.9, "中国铁路祝您旅途愉快", 3.2, _BLUE, align="right"),
        Qr(162, 60, 24, ticket.qr_text),
    ]
    return Page(200, 114, tuple(strokes))


def taxi_page(slip: TaxiSlip) -> Page:
    """A roll of preprinted thermal paper, 57 mm wide: title and seal in red, the rest by the meter's printer."""
    truth, city = slip.truth, slip.city
    x, top = 28.5, 50.0
    strokes: list[Stroke] = [
        Text(x, 6, f"{city.name}出租汽车", 4.6, SEAL, "song-bold", "middle"),
        Text(x, 12, "专用发票", 4.6, SEAL, "song-bold", "middle"),
        *seal(x, 25, city.name, 9.5),
        Text(x, 33.5, "发 票 联", 3.6, SEAL, align="middle"),
        Text(5, 39.5, f"发票代码 {truth.fapiao_code}", 3.5, SEAL, "hei"),
        Text(5, 44.5, f"发票号码 {truth.fapiao_number}", 3.5, SEAL, "hei"),
    ]
    rows = (
        ("电话", slip.telephone), ("车号", f"{slip.plate[:2]}·{slip.plate[2:]}"), ("证号", slip.driver),
        ("日期", truth.issued_on), ("上车", slip.starts), ("下车", slip.ends), ("单价", f"{slip.yuan_per_km}元/km"),
        ("里程", f"{slip.km}km"), ("等候", slip.waiting), ("金额", f"{truth.amount_minor / 100:.2f}元"),
    )  # fmt: skip
    for row, (label, value) in enumerate(rows):
        y = top + 5.4 * row
        strokes += [
            Text(6, y, label, 3.6, face="slip", is_thermal=True),
            Text(51, y, value, 3.6, face="slip", align="right", is_thermal=True),
        ]
    bottom = top + 5.4 * len(rows) + 3
    strokes.append(Text(x, bottom, "手写无效 票款两清", 3, SEAL, align="middle"))
    return Page(57, bottom + 9, tuple(strokes), (252, 251, 248))


def fixed_page(coupon: Coupon) -> Page:
    """通用定额发票, 175 x 77 mm: code and number at the upper right, the amount large in words, a seller's stamp."""
    truth = coupon.truth
    yuan = truth.amount_minor // 100
    bureau = coupon.city.name if coupon.city.code[:4] in PLANNED_REGION else coupon.city.province
    tint = (250, 240, 236)
    strokes: list[Stroke] = [
        Area(4, 4, 167, 69, tint),
        *seal(88, 21, bureau, 11),
        Text(88, 7, f"国家税务总局{bureau}税务局通用定额发票", 5, SEAL, "song-bold", "middle"),
        Text(88, 30, "发 票 联", 4.4, SEAL, align="middle"),
        Text(112, 36.5, f"发票代码 {truth.fapiao_code}", 3.8, SEAL, "hei"),
        Text(112, 42.5, f"发票号码 {truth.fapiao_number}", 4.2, BLACK, "mono"),
        Text(40, 39, coupon.in_words, 9, SEAL, "song-bold", "middle"),
        Text(40, 50, f"￥{yuan}.00", 4.6, SEAL, "hei", "middle"),
        Text(12, 62, "收款单位（盖章有效）", 3.4, SEAL),
        Text(112, 62, "开票日期        年    月    日", 3.4, SEAL),
        *stamp(84, 55, truth.seller_name, truth.seller_tax_id),
        Line(4, 4, 171, 4, 0.3, SEAL),
        Line(4, 73, 171, 73, 0.3, SEAL),
    ]
    return Page(175, 77, tuple(strokes))


def toll_page(slip: TollSlip, random: Random) -> Page:
    """A motorway's slip, 60 mm wide, printed at the gate."""
    truth, leg = slip.truth, slip.truth.legs[0]
    x = 30.0
    strokes: list[Stroke] = [
        Text(x, 6, f"{province_short(slip.city.province)}高速公路", 4.6, SEAL, "song-bold", "middle"),
        Text(x, 12, "车辆通行费专用发票", 4.4, SEAL, "song-bold", "middle"),
        *seal(x, 24, slip.city.province, 8.5),
        Text(5, 33, f"发票代码:{truth.fapiao_code}", 3.5, SEAL, "hei"),
        Text(5, 38, f"发票号码:{truth.fapiao_number}", 3.5, SEAL, "hei"),
    ]
    rows = (
        f"入口:{leg.departure}", f"出口:{leg.destination}", f"车型:客{random.choice('1112')}", f"车牌:{slip.plate}",
        f"金额:{truth.amount_minor // 100}元", f"收费员:{slip.collector} 车道:{slip.lane}", f"时间:{slip.at}",
    )  # fmt: skip
    strokes += [Text(5, 45 + 5.6 * row, text, 3.6, face="slip", is_thermal=True) for row, text in enumerate(rows)]
    bottom = 45 + 5.6 * len(rows) + 2
    company = truth.seller_name
    strokes += [
        Text(5, bottom + 4 * row, company[at : at + 18], 2.7, GREY) for row, at in enumerate(range(0, len(company), 18))
    ]
    strokes.append(Text(5, bottom + 9, f"校验 {digits(random, 6)}", 2.6, GREY))
    return Page(60, bottom + 17, tuple(strokes), (252, 252, 250))


def _day(text: str) -> str:
    year, month, day = text.split("-")
    return f"{year}年{month}月{day}日"


def air_page(ticket: AirTicket) -> Page:
    """航空运输电子客票行程单: enough of a page to hold the attachment that carries its data."""
    truth = ticket.truth
    strokes: list[Stroke] = [
        Text(120, 8, "电子发票（航空运输电子客票行程单）", 5, SEAL, align="middle"),
        Text(12, 20, f"发票号码：{truth.fapiao_number}", 3.5),
        Text(180, 20, f"填开日期：{_day(truth.issued_on)}", 3.5),
        Text(12, 28, f"旅客姓名：{ticket.passenger}", 3.5),
        Text(90, 28, f"有效身份证件号码：{ticket.passenger_id}", 3.5),
        Text(12, 74, f"票价 CNY {ticket.fare / 100:.2f}  合计 CNY {truth.amount_minor / 100:.2f}", 3.5),
        Text(12, 82, f"电子客票号码：{ticket.ticket_number}", 3.5),
        Text(12, 90, f"购买方名称：{truth.buyer_name}  统一社会信用代码/纳税人识别号：{truth.buyer_tax_id}", 3.2),
    ]
    for row, (leg, flight) in enumerate(zip(truth.legs, ticket.flights, strict=True)):
        line = f"自：{leg.departure}  至：{leg.destination}  {flight}  {leg.travel_on}  {ticket.departs[row]}"
        strokes.append(Text(12, 40 + 8 * row, line, 3.5))
    return Page(240, 106, tuple(strokes))
