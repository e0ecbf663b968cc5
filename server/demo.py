"""A demo company to try everything with: people, sites, trips, and one claim whose lines meet four fates."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import segno
from PIL import Image, ImageDraw
from sqlalchemy import insert

from server.accounts import credentials
from server.attachments.picture import bands, fingerprint
from server.attachments.policy import settle_file
from server.attachments.records import stored_files
from server.claims.waivers import due_to_end, end_one
from server.receipts.records import ALLOWANCE
from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.change import Record, new_id
from sync.engine import Engine
from sync.transaction import Transaction

COMPANY_NAME = "启明泵业示例有限公司"
COMPANY_TAX_ID = "91330100799655058B"
PASSWORD = "demo-2026"  # noqa: S105 (printed for everybody: a demo)
PEOPLE = (
    ("anna", "安娜", "technician"),
    ("bo", "博文", "technician"),
    ("dan", "丹青", "dispatcher"),
    ("wen", "文库", "warehouse"),
    ("fei", "费敏", "finance"),
    ("pei", "裴宁", "finance"),
    ("ming", "明远", "manager"),
    ("ada", "阿达", "admin"),
)
LIMITS = (
    ("receipt", "meal", 30000),
    ("receipt", "parts", 500000),
    ("receipt", "other", 100000),
    ("lodging_night", "1", 60000),
    ("lodging_night", "2", 45000),
    ("lodging_night", "3", 35000),
    ("meal_day", "", 15000),
    ("hand_in_days", "", 30),
    ("allowance_day", "", 10000),
    ("allowance_day", "1", 12000),
)
LIMITS_FROM = "2025-01-01"
"""Before everything that is claimed in a demo, whenever it is made."""
_HANGZHOU, _SHENZHEN = "330110", "440300"
_HANGZHOU_SELLER, _SHENZHEN_SELLER = "91330100799655058B", "914403001922038216"

E_INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<EInvoice><EInvoiceData>
<SellerInformation><SellerIdNum>{tax_id}</SellerIdNum><SellerName>{seller}</SellerName></SellerInformation>
<BuyerInformation><BuyerIdNum>{buyer_id}</BuyerIdNum><BuyerName>{buyer}</BuyerName></BuyerInformation>
<BasicInformation><TotalAmWithoutTax>{net}</TotalAmWithoutTax><TotalTaxAm>{tax}</TotalTaxAm>
<TotalTax-includedAmount>{total}</TotalTax-includedAmount></BasicInformation></EInvoiceData>
<TaxSupervisionInfo><InvoiceNumber>{number}</InvoiceNumber><IssueTime>{day}</IssueTime></TaxSupervisionInfo>
</EInvoice>"""

_TICKET = """<?xml version="1.0" encoding="UTF-8"?>
<xbrl xmlns:rai="http://xbrl.mof.gov.cn/taxonomy/2021-11-30/rai">
<rai:ElectronicInvoiceRailwayETicketNumber>{number}</rai:ElectronicInvoiceRailwayETicketNumber>
<rai:DateOfIssue>{day}</rai:DateOfIssue><rai:DepartureStation>上海虹桥</rai:DepartureStation>
<rai:DestinationStation>杭州东</rai:DestinationStation><rai:TravelDate>{day}</rai:TravelDate>
<rai:Fare>{total}</rai:Fare><rai:NameOfPurchaser>{buyer}</rai:NameOfPurchaser>
<rai:UnifiedSocialCreditCodeOfPurchaser>{buyer_id}</rai:UnifiedSocialCreditCodeOfPurchaser></xbrl>"""


def logins() -> str:
    """Who can sign in, and with what."""
    lines = [f"  {name:6} {PASSWORD}   {role}" for name, _, role in PEOPLE]
    return "\n".join(
        ["Demo logins (technicians and the warehouse's counter: /app/ on a phone; desks: /login):", *lines]
    )


def fill(services: Services) -> None:
    """Make the demo company, once."""
    engine = services.engine
    if engine.write(SYSTEM, lambda write: write.find("user", username=PEOPLE[0][0])):
        return
    actors = {name: _person(engine, name, shown, role) for name, shown, role in PEOPLE}
    _Demo(services, actors).work()


def _person(engine: Engine, name: str, shown: str, role: str) -> Actor:
    def work(write: Any) -> Record:
        user: Record = write.create("user", {"username": name, "display_name": shown, "role": role})
        credentials.set_password(write.connection, user["id"], PASSWORD)
        return user

    user = engine.write(SYSTEM, work)
    return Actor(user["id"], frozenset({role}), new_id())


@dataclass
class _Demo:
    services: Services
    people: dict[str, Actor]

    def work(self) -> None:
        """Three trips: two that are over and claimed, one that is under way."""
        today = self.services.today()
        for kind, subject, value in LIMITS:
            fields = {"kind": kind, "subject": subject, "value": value, "applies_from": LIMITS_FROM}
            self.services.engine.write(SYSTEM, partial(Transaction.create, entity="limit", fields=fields))
        site = self._site("钱塘自来水公司", "余杭泵站", _HANGZHOU, "余杭区仓前街道", {"lat": 30.29, "lon": 120.0})
        other = self._site("鹏城电子厂", "宝安厂区", "440306", "宝安区西乡", {"lat": 22.56, "lon": 113.88})
        past = self._trip("anna", "泵站大修", site, today - timedelta(12), today - timedelta(8), "WO-1041", "主泵漏水")
        begins, ends = today - timedelta(1), today + timedelta(3)
        under_way = self._trip("anna", "产线水泵巡检", other, begins, ends, "WO-1057", "水压不稳")
        self._trip("bo", "新泵安装", site, today, today + timedelta(5), "WO-1058", "安装调试")
        self._report(past)
        claim = self._claim(past, today - timedelta(10))
        self._waivers(site, claim, today)
        self._tool_room(under_way["trip"], today)
        for who, shown, number in (("anna", "安娜", "6200000000000000018"), ("bo", "博文", "6200000000000000026")):
            account = {"holder_name": shown, "bank_name": "示例银行杭州分行", "account_number": number}
            self._create(who, "bank_account", user_id=self.people[who].id, **account)

    def _create(self, who: str, entity: str, **fields: Any) -> Record:
        return self.services.engine.write(self.people[who], lambda write: write.create(entity, fields))

    def _update(self, who: str, entity: str, record: Record, **fields: Any) -> Record:
        def work(write: Transaction) -> Record:
            return write.update(entity, write.get(entity, record["id"]) or record, fields)

        return self.services.engine.write(self.people[who], work)

    def _site(self, customer: str, name: str, division: str, address: str, position: dict[str, float]) -> Record:
        owner = self._create("dan", "customer", name=customer, phone="0571-00000000", address=address)
        site = self._create(
            "dan",
            "site",
            customer_id=owner["id"],
            name=name,
            division_code=division,
            address=address,
            position=position | {"accuracy_m": 50},
        )
        machine = {"name": "离心泵", "model": "QP-200", "serial_number": f"QP200-{division}"}
        self._create("dan", "equipment", customer_id=owner["id"], site_id=site["id"], **machine)
        return site

    def _trip(
        self, who: str, purpose: str, site: Record, begins: date, ends: date, number: str, problem: str
    ) -> dict[str, Record]:
        technician = self.people[who].id
        order = self._create(
            "dan",
            "work_order",
            number=number,
            customer_id=site["customer_id"],
            site_id=site["id"],
            problem=problem,
            technician_id=technician,
        )
        stop = {"division_code": site["division_code"], "site_id": site["id"]}
        stop |= {"arrive_on": begins.isoformat(), "leave_on": ends.isoformat()}
        trip = self._create(
            "dan",
            "trip",
            technician_id=technician,
            purpose=purpose,
            home_division="310000",
            stops=[stop],
            work_order_ids=[order["id"]],
            status="active",
        )
        return {"trip": trip, "order": order}

    def _report(self, past: dict[str, Record]) -> None:
        self._create(
            "anna",
            "service_report",
            work_order_id=past["order"]["id"],
            trip_id=past["trip"]["id"],
            fault_cause="机械密封磨损",
            remedy="更换机械密封，试车两小时正常",
            parts_replaced=[{"name": "机械密封", "quantity": 1, "serial": ""}],
            customer_opinion="满意",
            status="filed",
        )

    def _claim(self, past: dict[str, Record], day: date) -> Record:
        """A clear train ticket, a hotel elsewhere, a tool on the road, and two tools of which one is back."""
        train = self._receipt(past, day, "transport", 7300, "中国铁路", "", "26339130000000000101", "51")
        hotel = self._receipt(
            past, day, "lodging", 39800, "滨海酒店（深圳）", _SHENZHEN_SELLER, "26952000000000000202", "32"
        )
        tool = self._receipt(past, day, "tool", 26800, "五金机电商行", _HANGZHOU_SELLER, "26332000000000000303", "32")
        pair = self._receipt(past, day, "tool", 51600, "余杭工具店", _HANGZHOU_SELLER, "26332000000000000404", "32")
        self._tool(past, tool, "扭力扳手", 1, 26800, ["TW-2201"])
        half = self._tool(past, pair, "测振仪", 2, 25800, ["VB-71", "VB-72"])
        claim = self._hand_in(past, train, hotel, tool, pair, self._allowance(past))
        self._create("wen", "tool_unit", tool_purchase_id=half["id"], serial_number="VB-71", shelf="A-03")
        return claim

    def _allowance(self, past: dict[str, Record]) -> Record:
        """The allowance of every day of a trip; the server computes the amount."""
        stops = past["trip"]["stops"]
        days = {"issued_on": stops[0]["arrive_on"], "allowance_until": stops[-1]["leave_on"]}
        return self._create(
            "anna", "receipt", trip_id=past["trip"]["id"], category=ALLOWANCE, amount_minor=0, note="出差补贴", **days
        )

    def _hand_in(self, past: dict[str, Record], *receipts: Record) -> Record:
        claim = self._create("anna", "claim", trip_id=past["trip"]["id"])
        for receipt in receipts:
            amount = receipt["amount_minor"]
            self._create("anna", "claim_line", claim_id=claim["id"], receipt_id=receipt["id"], amount_minor=amount)
        return self._update("anna", "claim", claim, status="submitted")

    def _ago(self, days: int) -> _Demo:
        """The same company, so many days ago."""
        of = self.services.engine
        then = of.clock() - timedelta(days)
        engine = Engine(
            of.database, of.registry, is_replicated=of.is_replicated, settings=of.settings, clock=lambda: then
        )
        return replace(self, services=replace(self.services, engine=engine))

    def _waivers(self, site: Record, claim: Record, today: date) -> None:
        """A waiver in each state: on a claim of the month before, and one that waits on the newer claim."""
        begins = today - timedelta(40)
        older, day = self._ago(34), begins + timedelta(2)
        past = older._trip("anna", "轴承更换", site, begins, begins + timedelta(4), "WO-1019", "轴承异响")
        older._report(past)
        papers = [
            older._receipt(past, day, category, amount, seller, tax_id, number, "32")
            for category, amount, seller, tax_id, number in (
                ("lodging", 38800, "华强商务酒店", _SHENZHEN_SELLER, "26952000000000000505"),
                ("meal", 12600, "鹏城餐饮", _SHENZHEN_SELLER, "26952000000000000606"),
                ("tool", 45900, "余杭工具店", _HANGZHOU_SELLER, "26332000000000000707"),
                ("tool", 9900, "五金机电商行", _HANGZHOU_SELLER, "26332000000000000808"),
            )
        ]
        older._tool(past, papers[2], "液压拉马", 1, 45900, ["YL-9"])
        older._tool(past, papers[3], "内六角套装", 1, 9900, ["NL-3"])
        lines = older._lines(older._hand_in(past, *papers))
        place, lost = "place_mismatch", "tool_not_returned"
        until = str(today - timedelta(2))
        ended, refused, given, withdrawn = (
            self._ago(days)._ask(line, code, why)
            for days, line, code, why in (
                (33, lines[0], place, "酒店由深圳总部统一开票，附入住登记单。"),
                (33, lines[1], place, "餐厅用了总店的发票。"),
                (6, lines[2], lost, "拆卸时落入集水井，打捞无果，客户已出证明。"),
                (6, lines[3], lost, "套装落在客户车间，正在寄回。"),
            )
        )
        seen = {"status": "given", "reason": "登记单与行程一致，同意。", "valid_until": until}
        self._ago(32)._update("ming", "waiver", ended, **seen)
        self._ago(32)._update("ming", "waiver", refused, status="refused", reason="请向餐厅换开杭州门店的发票。")
        self._ago(4)._update("ming", "waiver", given, status="given", reason="丢失情况属实，客户证明已核对。")
        self._ago(5)._update("anna", "waiver", withdrawn, status="withdrawn")
        for waiver_id in self.services.engine.write(SYSTEM, due_to_end):
            self.services.engine.write(SYSTEM, partial(end_one, waiver_id=waiver_id))
        hotel = next(line for line in self._lines(claim) if place in {item["code"] for item in line["findings"]})
        self._ago(4)._ask(hotel, place, "杭州酒店满房，改住集团深圳协议酒店的杭州分店，发票由总店开具。")

    def _ask(self, line: Record, code: str, why: str) -> Record:
        evidence = self._picture(line["id"][-12:], line["amount_minor"], self.services.today(), why, "DEMO EVIDENCE")
        return self._create(
            "anna", "waiver", claim_line_id=line["id"], finding_code=code, request=why, attachments=[evidence]
        )

    def _lines(self, claim: Record) -> list[Record]:
        return self.services.engine.write(SYSTEM, lambda write: write.find("claim_line", claim_id=claim["id"]))

    def _tool_room(self, trip: Record, today: date) -> None:
        """Tools that the company owned before: on their shelves, with Anna on her trip, and due for calibration."""
        calibrated = {"calibrated_on": str(today - timedelta(350)), "calibration_days": 365}
        for name, model, shelf, more in (
            ("扭力扳手", "QL-100", "A-01", {}),
            ("扭力扳手", "QL-100", "A-01", {}),
            ("红外测温仪", "TM-750", "B-02", calibrated),
            ("激光对中仪", "AL-30", "B-03", calibrated),
        ):
            unit = self._create("wen", "tool_unit", origin="owned", name=name, model=model, shelf=shelf, **more)
        given = {"technician_id": trip["technician_id"], "trip_id": trip["id"], "due_on": str(today + timedelta(5))}
        self._create("wen", "tool_issue", tool_unit_id=unit["id"], **given)

    def _tool(
        self,
        past: dict[str, Record],
        receipt: Record,
        name: str,
        quantity: int,
        price: int,
        serials: list[str],
    ) -> Record:
        return self._create(
            "anna",
            "tool_purchase",
            trip_id=past["trip"]["id"],
            receipt_id=receipt["id"],
            name=name,
            quantity=quantity,
            unit_price_minor=price,
            serial_numbers=serials,
        )

    def _receipt(
        self,
        past: dict[str, Record],
        day: date,
        category: str,
        amount: int,
        seller: str,
        tax_id: str,
        number: str,
        kind: str,
    ) -> Record:
        qr = f"01,{kind},,{number},{amount / 100:.2f},{day:%Y%m%d},,74AE,"
        return self._create(
            "anna",
            "receipt",
            trip_id=past["trip"]["id"],
            category=category,
            amount_minor=amount,
            issued_on=day.isoformat(),
            seller_name=seller,
            seller_tax_id=tax_id,
            fapiao_number=number,
            qr_text=qr,
            attachments=[self._picture(number, amount, day, qr), *self._files(number, amount, day, seller, tax_id)],
        )

    def _files(self, number: str, amount: int, day: date, seller: str, tax_id: str) -> list[str]:
        """The e-invoice as XML, as sellers and the railway send it."""
        net = round(amount / 1.06)
        text = (E_INVOICE if tax_id else _TICKET).format(
            number=number,
            day=day,
            seller=seller,
            tax_id=tax_id,
            buyer=self.services.config.company_name,
            buyer_id=self.services.config.company_tax_id,
            net=f"{net / 100:.2f}",
            tax=f"{(amount - net) / 100:.2f}",
            total=f"{amount / 100:.2f}",
        )
        return [self._keep(text.encode(), "application/xml", "")]

    def _picture(self, number: str, amount: int, day: date, qr: str, title: str = "DEMO FAPIAO") -> str:
        """A drawn receipt with its code, stored as a phone's photo would be."""
        picture = Image.new("RGB", (800, 520), "#fffdf5")
        draw = ImageDraw.Draw(picture)
        draw.rectangle((20, 20, 780, 500), outline="#a33", width=3)
        for row, text in enumerate((title, number, f"{day}", f"CNY {amount / 100:.2f}")):
            draw.text((60, 60 + row * 90), text, fill="#222", font_size=42)
        code, drawn = io.BytesIO(), io.BytesIO()
        segno.make(qr, micro=False).save(code, kind="png", scale=5, border=2)
        picture.paste(Image.open(code).convert("RGB"), (540, 250))
        picture.save(drawn, "JPEG", quality=85)
        return self._keep(drawn.getvalue(), "image/jpeg", fingerprint(picture))

    def _keep(self, data: bytes, media_type: str, mark: str) -> str:
        """Keep a file as if a phone had sent it. Gives its hash."""
        sha256 = hashlib.sha256(data).hexdigest()
        part = self.services.files.part(new_id())
        part.write_bytes(data)
        self.services.files.keep(part, sha256)
        about = {"sha256": sha256, "media_type": media_type, "size": len(data)}
        self._create("anna", "attachment", **about)
        owner = self.people["anna"].id

        def arrive(write: Any) -> None:
            row = about | {"owner_id": owner, "verdict": "", "fingerprint": mark} | bands(mark)
            write.connection.execute(insert(stored_files).values(row))
            settle_file(write, sha256, owner)

        self.services.engine.write(SYSTEM, arrive)
        return sha256
