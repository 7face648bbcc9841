"""Under which numbers other agencies know a zone: those of BPS, and the P-codes of OCHA that are made of them."""

import re
from collections.abc import Iterable

_P_CODE = re.compile(r"ID(\d{2}|\d{4}|\d{7}|\d{10})")
_BPS = re.compile(r"\d{2}|\d{4}|\d{7}|\d{10}")  # province, kabupaten or kota, kecamatan, desa or kelurahan

# BPS's numbers of provinces by ISO 3166-2 (its Master File Desa); the four parted off in Papua in 2022 are not here
_PROVINCES = (
    "AC11 SU12 SB13 RI14 JA15 SS16 BE17 LA18 BB19 KR21 JK31 JB32 JT33 YO34 JI35 BT36 BA51 NB52 NT53 "
    "KB61 KT62 KS63 KI64 KU65 SA71 ST72 SN73 SG74 GO75 SR76 MA81 MU82 PB91 PA94"
)
PROVINCES = {f"ID-{one[:2]}": one[2:] for one in _PROVINCES.split()}


def bps_codes(codes: Iterable[str]) -> dict[str, str | None]:
    """BPS's number of each zone, by the code under which one file of zones was installed; None where it has none.

    P-codes are BPS's numbers behind "ID". The Ministry of Home Affairs numbers in another way, with dots or with six
    digits for a kecamatan: a file with one such code has no number of BPS, however much the others look like it.

    >>> bps_codes(["ID31", "ID3174"])
    {'ID31': '31', 'ID3174': '3174'}
    >>> bps_codes(["31", "3174", "3174040008"])
    {'31': '31', '3174': '3174', '3174040008': '3174040008'}
    >>> bps_codes(["31", "31.74"])
    {'31': None, '31.74': None}
    """
    named = [code for code in codes if code]
    if all(_P_CODE.fullmatch(code) for code in named):
        return {code: code.removeprefix("ID") for code in named}
    ours = all(_BPS.fullmatch(code) for code in named)
    return {code: code if ours else None for code in named}


def number_of(name: str, zones: Iterable[tuple[str, str]]) -> str | None:
    """BPS's number of the one zone of that name; None unless one number alone is called so. zones: code and name.

    >>> number_of("Sigi", [("7210", "Sigi"), ("7271", "Palu")]), number_of("Poso", [])
    ('7210', None)
    """
    named = list(zones)
    numbers = bps_codes(code for code, _name in named)
    found = {numbers[code] for code, called in named if called == name}
    return found.pop() if len(found) == 1 else None


def p_code(bps: str | None) -> str | None:
    """The P-code of a zone with that number of BPS.

    >>> p_code("3174")
    'ID3174'
    """
    return bps and f"ID{bps}"
