"""Short names of divisions: 浙江省 is 浙江, 恩施土家族苗族自治州 is 恩施."""

from __future__ import annotations

import re

_PEOPLES = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|"
    "达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|保安|裕固|独龙|各"
)
_ENDINGS = "特别行政区|自治区|自治州|自治县|自治旗|地区|新区|林区|特区|省|市|盟|州|县|区|旗"
_NAME = re.compile(
    rf"(?P<short>.{{2,}}?)(?:(?:{_PEOPLES})族|(?:蒙古|哈萨克|柯尔克孜|锡伯|塔吉克|维吾尔)(?=自治))*(?:{_ENDINGS})"
)
_IRREGULAR = {"东乡族自治县": "东乡", "鄂温克族自治旗": "鄂温克", "万柏林区": "万柏林"}


def short_name(name: str) -> str:
    """The name without its ending and the peoples in it; a name of two characters (唐县, 城区) stays whole."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    match = _NAME.fullmatch(name)
    return match["short"] if match else name
