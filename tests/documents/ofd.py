"""A page as an OFD (GB/T 33190), packed like the public samples: template, values, tags by object id, attachments.

Not made: the tax bureau's signature, and the picture of its seal.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from tests.documents.page import Line, Page, Qr, Text
from tests.documents.raster import png, qr_picture

_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FIRST_ID = 100


def ofd(
    page: Page,
    named: dict[str, str],
    attachment: tuple[str, bytes] | None = None,
    *,
    tag_root: str = "ofd:root",
    is_tag_file_broken: bool = False,
) -> bytes:
    """The package. `named` becomes CustomData; a broken tag file is one that a genuine maker wrote."""
    parts: dict[str, bytes | str] = {
        "OFD.xml": _ofd_xml(named),
        "Doc_0/Document.xml": _document(page, attachment is not None),
        "Doc_0/PublicRes.xml": f"<ofd:Res {_NS}><ofd:Fonts>"
        '<ofd:Font ID="5" FontName="宋体" FamilyName="SimSun"/></ofd:Fonts></ofd:Res>',
        "Doc_0/Tpls/Tpl_0/Content.xml": _content(page, [s for s in page.strokes if not _is_value(s)]),
        "Doc_0/Pages/Page_0/Content.xml": _content(page, [s for s in page.strokes if _is_value(s)], _FIRST_ID),
        "Doc_0/Tags/CustomTags.xml": f'<ofd:CustomTags {_NS}><ofd:CustomTag TypeID="root">'
        "<ofd:FileLoc>CustomTag.xml</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>",
        "Doc_0/Tags/CustomTag.xml": _tags(page, tag_root, is_tag_file_broken),
    }
    if page.qr:
        parts["Doc_0/Res/image_78.png"] = png(qr_picture(page.qr.text, 297))
    if attachment:
        name, data = attachment
        parts["Doc_0/Attachs/Attachments.xml"] = (
            f'<ofd:Attachments {_NS}><ofd:Attachment ID="98" Name="{name.removesuffix(".xml")}" Format="xml" '
            f'Visible="false"><ofd:FileLoc>{name}</ofd:FileLoc></ofd:Attachment></ofd:Attachments>'
        )
        parts[f"Doc_0/Attachs/{name}"] = data
    return packed(parts)


def packed(parts: Mapping[str, bytes | str]) -> bytes:
    """A zip with fixed times, so that the same parts give the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            data = content if isinstance(content, bytes) else (_head(content) + content).encode()
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _head(content: str) -> str:
    return "" if content.startswith("<?xml") else _HEAD


def _is_value(stroke: object) -> bool:
    return isinstance(stroke, Qr) or (isinstance(stroke, Text) and bool(stroke.field or sum(stroke.colour) < 120))


def _ofd_xml(named: dict[str, str]) -> str:
    data = "".join(f'<ofd:CustomData Name="{name}">{escape(value)}</ofd:CustomData>' for name, value in named.items())
    return (
        f'<ofd:OFD {_NS} DocType="OFD" Version="1.1"><ofd:DocBody><ofd:DocInfo><ofd:DocID>{"0" * 32}</ofd:DocID>'
        f"<ofd:Author>China Tax</ofd:Author><ofd:CustomDatas>{data}</ofd:CustomDatas></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    )


def _document(page: Page, has_attachment: bool) -> str:
    attachments = "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>" if has_attachment else ""
    return (
        f'<ofd:Document {_NS}><ofd:CommonData><ofd:MaxUnitID>999</ofd:MaxUnitID><ofd:TemplatePage ID="2" '
        'BaseLoc="Tpls/Tpl_0/Content.xml"/><ofd:PageArea><ofd:PhysicalBox>'
        f"0 0 {page.width} {page.height}</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        '</ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        f"{attachments}<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags></ofd:Document>"
    )


def _content(page: Page, strokes: list[object], first: int = 1000) -> str:
    made = [_object(stroke, first + place) for place, stroke in enumerate(strokes)]
    template = '<ofd:Template TemplateID="2" ZOrder="Background"/>' if first == _FIRST_ID else ""
    area = f"<ofd:Area><ofd:PhysicalBox>0 0 {page.width} {page.height}</ofd:PhysicalBox></ofd:Area>"
    return (
        f'<ofd:Page {_NS}>{area}{template}<ofd:Content><ofd:Layer ID="3">{"".join(made)}</ofd:Layer>'
        "</ofd:Content></ofd:Page>"
    )


def _object(stroke: object, number: int) -> str:
    if isinstance(stroke, Text):
        box = f"{stroke.x} {stroke.y} {len(stroke.text) * stroke.size:.3f} {stroke.size * 1.3:.3f}"
        code = f'<ofd:TextCode X="0" Y="{stroke.size * 0.88:.4f}">{escape(stroke.text)}</ofd:TextCode>'
        return f'<ofd:TextObject ID="{number}" Boundary="{box}" Font="5" Size="{stroke.size}">{code}</ofd:TextObject>'
    if isinstance(stroke, Qr):
        box = f"{stroke.x} {stroke.y} {stroke.size} {stroke.size}"
        size = f"{stroke.size} 0 0 {stroke.size} 0 0"
        return f'<ofd:ImageObject ID="{number}" CTM="{size}" Boundary="{box}" ResourceID="78"/>'
    if isinstance(stroke, Line):
        width, height = stroke.x2 - stroke.x1, stroke.y2 - stroke.y1
        return (
            f'<ofd:PathObject ID="{number}" Boundary="{stroke.x1} {stroke.y1} {width + 0.4:.2f} {height + 0.4:.2f}">'
            f"<ofd:AbbreviatedData>M 0 0 L {width:.2f} {height:.2f}</ofd:AbbreviatedData></ofd:PathObject>"
        )
    return ""


def _tags(page: Page, root: str, is_broken: bool) -> str:
    """Which objects hold which field; a field over several objects names each, and 甲/乙 nests 乙 in 甲."""
    values = [stroke for stroke in page.strokes if _is_value(stroke)]
    found: dict[str, list[int]] = {}
    for place, stroke in enumerate(values):
        if isinstance(stroke, Text) and stroke.field:
            found.setdefault(stroke.field, []).append(_FIRST_ID + place)
    prefix = "" if is_broken else "ofd:"
    groups: dict[str, str] = {}
    for field, numbers in found.items():
        outer, _, inner = field.rpartition("/")
        refs = "".join(f'<ofd:ObjectRef PageRef="1">{number}</ofd:ObjectRef>' for number in numbers)
        groups[outer or inner] = groups.get(outer or inner, "") + (
            f"<{prefix}{inner}>{refs}</{prefix}{inner}>" if outer else refs
        )
    body = "".join(f"<{prefix}{name}>{inside}</{prefix}{name}>" for name, inside in groups.items())
    if is_broken:
        return f'{_HEAD}<:eInvoice xmlns:="">{body}</:eInvoice>'
    return f"{_HEAD}<{root} {_NS}>{body}</{root}>"
