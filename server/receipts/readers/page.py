"""A document's lines, asked for its fields; and how sure a field is.

How sure a field is depends on more than on how clear its letters were: an amount whose figures and capitals agree, an
id whose check character is right, three sums that add up, are sure; a number that nothing bears out is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from server.receipts.fapiao import credit_code_error
from server.receipts.readers.fact import Fact, Source
from server.receipts.readers.lines import Line
from server.receipts.readers.values import is_personal_id, minor_of

BORNE_OUT = 0.97
"""For what a check character, a sum or a second form of the same bears out."""
READ_TWICE = 0.93
"""For what was recognised twice, each time the same, and has the right form."""
PLAUSIBLE = 0.85
"""For what was clear to read and has the right form, but nothing else to show for it."""
DOUBTFUL = 0.4

DAY = re.compile(r"20[0-9]{2}\s*[年\-/.]\s*[0-9]{1,2}\s*[月\-/.]\s*[0-9]{1,2}\s*日?|20[0-9]{6}(?![0-9])")
MONEY = re.compile(r"[¥￥Y]\s*-?\s*[0-9][0-9,]*\.[0-9]{2}|-?[0-9][0-9,]*\.[0-9]{2}")
ISSUED_LABEL = re.compile(r"开\S?日期|票日期")
NAME_ENDS = re.compile(r"[\s　]*(?:统一社会信用代码|纳税人识别号|地址|开户行|电话).*$")
_ID = re.compile(r"(?<![0-9A-Z])[1-9][0-9A-Z]{17}(?![0-9A-Z])(?<![0-9]{18})|(?<![0-9A-Z])[159][0-9]{17}(?![0-9A-Z])")
_CIPHER = re.compile(r"[<>*+/].*[<>*+/]")
_LIKE_DIGITS = str.maketrans("OoIlSZ", "001152")
_LIKE_ID = str.maketrans("OISZV", "0152U")
"""Letters that ids never have, and what they were."""


@dataclass(frozen=True)
class Page:
    """The lines of one document, in reading order, and where they come from."""

    lines: Sequence[Line]
    source: Source

    def fact(self, kind: str, value: str, line: Line, ceiling: float) -> Fact:
        """A fact no surer than its letters were clear, and than what bears it out."""
        sure = ceiling
        if self.source == "ocr":
            if line.same_twice and ceiling == PLAUSIBLE:
                ceiling = READ_TWICE
            sure = min(ceiling, line.confidence, 1.0 if line.same_twice is not False else DOUBTFUL)
        return Fact(kind, value, self.source, sure, page=line.page, box=line.spot or line.box)

    def digits(self) -> list[Line]:
        """The lines, with letters that look like figures made figures where only figures can stand."""
        return [
            replace(line, text=line.text.translate(_LIKE_DIGITS)) if re.search(r"[0-9]{6}", line.text) else line
            for line in self.lines
        ]

    def tax_ids(self) -> list[Line]:
        """Tax ids by their form: their labels are small and often misread, and a check character needs no label."""
        lines = [line for line in self.lines if not _CIPHER.search(line.text)]
        return [self._repaired(line.part(match)) for line in lines for match in _ID.finditer(line.text)]

    def _repaired(self, line: Line) -> Line:
        if self.source == "pdf" or credit_code_error(line.text) is None:
            return line
        return replace(line, text=line.text.translate(_LIKE_ID))


def tax_id_fact(page: Page, who: str, line: Line) -> Iterator[Fact]:
    """A tax id of the buyer or the seller; one that is made from a person's identity number is left out."""
    is_sound = credit_code_error(line.text) is None
    if not is_personal_id(line.text):
        yield page.fact(f"{who}_tax_id", line.text, line, BORNE_OUT if is_sound else DOUBTFUL)


def money_in(text: str) -> str:
    """The amount in a text such as `¥1,250.30元`, in whole minor units; empty where it has no right form."""
    return minor_of(re.sub(r"[^0-9.,\-]", "", text))
