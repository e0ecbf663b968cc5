"""How e-invoices look: the fully digital one, and the older VAT one.

Rules, labels and sizes (millimetres) are those of the two public sample OFDs; Noto Serif stands for KaiTi and SimSun.
"""

from __future__ import annotations

from random import Random

from tests.documents.capitals import in_capitals
from tests.documents.contents import Invoice
from tests.documents.numbers import digits
from tests.documents.page import BLACK, BROWN, RED, Colour, Line, Page, Qr, Stroke, Text, seal, stamp
from tests.documents.places import PLANNED_REGION

_DIGITAL_RULES = (
    (65.5, 18, 138.5, 18), (65.5, 19, 138.5, 19),
    (4.5, 30, 205.5, 30), (4.5, 52, 205.5, 52), (4.5, 96, 205.5, 96), (4.5, 104, 205.5, 104), (4.5, 124, 205.5, 124),
    (4.5, 30, 4.5, 124), (205.5, 30, 205.5, 124), (10.7, 30, 10.7, 52), (105.2, 30, 105.2, 52), (111.2, 30, 111.2, 52),
    (10.7, 104, 10.7, 124), (56.5, 96, 56.5, 104),
)  # fmt: skip
_DIGITAL_LABELS = (
    (154.5, 11, "发票号码："), (154.5, 17, "开票日期："), (11.5, 33.5, "名称："), (112, 33.5, "名称："),
    (16, 53, "项目名称"), (42.1, 53, "规格型号"), (67, 53, "单 位"), (93, 53, "数 量"), (118, 53, "单 价"),
    (143.5, 53, "金 额"), (157.5, 53, "税率/征收率"), (194.5, 53, "税 额"), (20.5, 92, "合"), (36.5, 92, "计"),
    (16.9, 98.5, "价税合计（大写）"), (143.5, 98.5, "（小写）"), (19.5, 129.5, "开票人："),
)  # fmt: skip
_DIGITAL_NARROW = ((11.5, 44.3), (112, 44.3))
_DIGITAL_COLUMNS = ((6, 32.5, "购买方信息", 3.5), (106.6, 32.5, "销售方信息", 3.5), (6, 109, "备注", 6))
_VAT_RULES = (
    (68.5, 18, 141.5, 18), (68.5, 19, 141.5, 19),
    (4.5, 30, 205.5, 30), (4.5, 52, 205.5, 52), (4.5, 96, 205.5, 96), (4.5, 104, 205.5, 104), (4.5, 124, 205.5, 124),
    (4.5, 30, 4.5, 124), (205.5, 30, 205.5, 124), (12.5, 30, 12.5, 52), (119.5, 30, 119.5, 52), (124.5, 30, 124.5, 52),
    (12.5, 104, 12.5, 124), (119.5, 104, 119.5, 124), (124.5, 104, 124.5, 124), (56.5, 52, 56.5, 104),
    (82.5, 52, 82.5, 96), (94.5, 52, 94.5, 96), (114.5, 52, 114.5, 96), (134.5, 52, 134.5, 96),
    (164.5, 52, 164.5, 96), (175.5, 52, 175.5, 96),
)  # fmt: skip
_VAT_LABELS = (
    (5.6, 24, "机器编号："), (148.6, 7.2, "发票代码："), (148.6, 12.7, "发票号码："), (148.6, 18.2, "开票日期："),
    (148.6, 23.7, "校 验 码："), (13.5, 31.4, "名        称："), (13.5, 36.6, "纳税人识别号："),
    (13.5, 42.2, "地址、 电话："),
    (13.5, 47.5, "开户行及账号："), (25, 52.8, "项目名称"), (64, 52.8, "规格型号"), (85.5, 52.8, "单位"),
    (99.3, 52.8, "数 量"),
    (120.5, 52.8, "单 价"), (144.7, 52.8, "金  额"), (166.7, 52.8, "税率"), (185, 52.8, "税  额"),
    (22.5, 92, "合      计"),
    (17.3, 98.3, "价税合计（大写）"), (156.6, 98.3, "（小写）"), (13.5, 105.2, "名        称："),
    (13.5, 110.1, "纳税人识别号："),
    (13.5, 114.6, "地址、 电话："), (13.5, 119.3, "开户行及账号："), (7.1, 125.3, "收款人："), (63.6, 125.3, "复核："),
    (105.7, 125.3, "开票人："),
)  # fmt: skip
_VAT_COLUMNS = (
    (6.8, 33.5, "购买方", 6.35), (120.4, 33.2, "密码区", 6.35), (6.8, 107, "销售方", 6.35), (120.4, 108.2, "备注", 8),
)  # fmt: skip


def invoice_page(invoice: Invoice, random: Random) -> Page:
    """The page as its kind prints it."""
    return _vat(invoice, random) if invoice.truth.document == "vat" else _digital(invoice)


def _digital(invoice: Invoice) -> Page:
    truth = invoice.truth
    net, tax = truth.net_minor or 0, truth.tax_minor or 0
    strokes = _frame(_DIGITAL_RULES, _DIGITAL_LABELS, _DIGITAL_COLUMNS, RED)
    strokes += [Text(x, y, "统一社会信用代码/纳税人识别号：", 2.8, RED) for x, y in _DIGITAL_NARROW]
    strokes += seal(105, 18, _bureau(invoice))
    strokes.append(Text(103, 8, invoice.title, 6.6, RED, align="middle"))
    strokes += [
        Text(170, 10.6, truth.fapiao_number, field="InvoiceNo"),
        Text(170, 16.7, _day(truth.issued_on), field="IssueDate"),
        *_wrapped(20, 33.3, truth.buyer_name, 26, "Buyer/BuyerName"),
        Text(54, 43.4, truth.buyer_tax_id, 4, face="mono", pitch=2.54, field="Buyer/BuyerTaxID"),
        *_wrapped(120, 33.3, truth.seller_name, 26, "Seller/SellerName"),
        Text(154.5, 43.4, truth.seller_tax_id, 4, face="mono", pitch=2.54, field="Seller/SellerTaxID"),
        *_wrapped(5, 56.5, truth.item, 11, "Item"),
        Text(70, 56.5, invoice.unit),
        Text(102, 56.5, str(invoice.quantity), align="right", field="Quantity"),
        Text(127, 56.5, _price(net, invoice.quantity, 11), 2.82, align="right", field="Price"),
        Text(153, 56.5, _money(net), align="right", field="Amount"),
        Text(168, 56.5, f"{invoice.rate}%", align="right", field="TaxScheme"),
        Text(205, 56.5, _money(tax), align="right", field="TaxAmount"),
        Text(153, 91.2, f"¥{_money(net)}", align="right", field="TaxExclusiveTotalAmount"),
        Text(205, 91.2, f"¥{_money(tax)}", align="right", field="TaxTotalAmount"),
        Text(63, 98.2, in_capitals(truth.amount_minor)),
        Text(155.5, 98, f"¥{_money(truth.amount_minor)}", 3.9, field="TaxInclusiveTotalAmount"),
        *_wrapped(11.5, 105.2, truth.remark, 58, "Note"),
        Text(32, 129.5, invoice.drawer, field="InvoiceClerk"),
        Qr(6.5, 6, 20, invoice.qr_text),
    ]
    return Page(210, 140, tuple(strokes))


def _vat(invoice: Invoice, random: Random) -> Page:
    truth = invoice.truth
    net, tax = truth.net_minor or 0, truth.tax_minor or 0
    check = " ".join(invoice.check_code[at : at + 5] for at in range(0, 20, 5))
    bank = f"示例银行{invoice.bureau.short}分行{digits(random, 16)}"
    clerk = invoice.drawer
    strokes = _frame(_VAT_RULES, _VAT_LABELS, _VAT_COLUMNS, BROWN)
    strokes += seal(105, 18.5, _bureau(invoice))
    strokes.append(Text(105, 7.6, invoice.title, 6.3, BROWN, align="middle"))
    strokes += [Text(127.5, 32 + 4.6 * row, _cipher(random), 4, face="mono", pitch=2.5) for row in range(4)]
    strokes += [
        Text(164, 6.9, truth.fapiao_code, field="InvoiceCode"),
        Text(164, 12.4, truth.fapiao_number, field="InvoiceNo"),
        Text(164, 17.9, _day(truth.issued_on), field="IssueDate"),
        Text(164, 23.4, check, field="InvoiceCheckCode"),
        Text(22, 23.9, digits(random, 12), field="MachineNo"),
        Text(36, 31.2, truth.buyer_name, field="Buyer/BuyerName"),
        Text(36, 36, truth.buyer_tax_id, 4, face="mono", pitch=2.54, field="Buyer/BuyerTaxID"),
        *_wrapped(6, 57, truth.item, 15, "Item"),
        Text(86, 57, invoice.unit),
        Text(113.5, 57, str(invoice.quantity), align="right", field="Quantity"),
        Text(133.5, 57, _price(net, invoice.quantity, 6), 2.9, align="right", field="Price"),
        Text(163.5, 57, _money(net), align="right", field="Amount"),
        Text(174.5, 57, f"{invoice.rate}%", align="right", field="TaxScheme"),
        Text(204.5, 57, _money(tax), align="right", field="TaxAmount"),
        Text(163.5, 91.6, f"¥{_money(net)}", face="mono", align="right", field="TaxExclusiveTotalAmount"),
        Text(204.5, 91.6, f"¥{_money(tax)}", face="mono", align="right", field="TaxTotalAmount"),
        Text(63, 98, in_capitals(truth.amount_minor)),
        Text(168, 97.8, f"¥{_money(truth.amount_minor)}", 3.9, face="mono", field="TaxInclusiveTotalAmount"),
        Text(36, 105, truth.seller_name, field="Seller/SellerName"),
        Text(36, 109.2, truth.seller_tax_id, 4, face="mono", pitch=2.54, field="Seller/SellerTaxID"),
        Text(36, 114.4, f"{truth.seller_address} {invoice.telephone}", 2.9, field="Seller/SellerAddrTel"),
        Text(36, 119.1, bank, field="Seller/SellerFinancialAccount"),
        *_wrapped(125.5, 105.5, truth.remark, 24, "Note"),
        Text(22, 125.3, clerk, field="Payee"),
        Text(74, 125.3, clerk, field="Checker"),
        Text(121, 125.3, clerk, field="InvoiceClerk"),
        Qr(8.5, 3.5, 20, invoice.qr_text),
    ]
    if random.random() < 0.7:
        strokes += stamp(178, 121, truth.seller_name, truth.seller_tax_id)
    return Page(210, 140, tuple(strokes))


def _frame(
    rules: tuple[tuple[float, float, float, float], ...],
    labels: tuple[tuple[float, float, str], ...],
    columns: tuple[tuple[float, float, str, float], ...],
    colour: Colour,
) -> list[Stroke]:
    strokes: list[Stroke] = [Line(*rule, colour=colour) for rule in rules]
    strokes += [Text(x, y, text, colour=colour) for x, y, text in labels]
    for x, y, text, step in columns:
        strokes += [Text(x, y + step * row, character, colour=colour) for row, character in enumerate(text)]
    return strokes


def _wrapped(x: float, y: float, text: str, count: int, field: str) -> list[Text]:
    """Text broken where a column ends, as the makers of these files break it: anywhere."""
    return [
        Text(x, y + 4.5 * row, text[at : at + count], 3.175, BLACK, field=field)
        for row, at in enumerate(range(0, len(text), count))
    ]


def _bureau(invoice: Invoice) -> str:
    city = invoice.bureau
    return city.name if city.code[:4] in PLANNED_REGION else city.province


def _cipher(random: Random) -> str:
    return "".join(random.choice("0123456789+-*/<>") for _ in range(28))


def _price(net: int, quantity: int, places: int) -> str:
    return f"{net / quantity / 100:.{places}f}".rstrip("0").rstrip(".")


def _money(minor: int) -> str:
    return f"{minor / 100:.2f}"


def _day(text: str) -> str:
    year, month, day = text.split("-")
    return f"{year}年{month}月{day}日"
