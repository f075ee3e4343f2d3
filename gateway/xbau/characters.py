"""The character facts behind `charset`: allowed code points as hexadecimal ranges, and what replaces what.

Facts of String.Latin 1.1, DIN SPEC 91379 and DIN 91379:2022 (data types C and D) and of XBau 2.6 (`dateiname`).
"""

from __future__ import annotations

XML = "9-a d 20-d7ff e000-fffd 10000-10ffff"

LATIN = (
    "9-a d 20-7e a1-ac ae-107 10a-11b 11e-123 126-131 134-15b 15e-16b 16e-17e 18f 1a0-1a1 1af-1b0 1b7 1cd-1d4 1de-1df "
    "1e4-1f0 1f4-1f5 1fa-1ff 218-21b 21e-21f 22a-22b 22e-233 259 292 1e02-1e03 1e0a-1e0b 1e10-1e11 1e1e-1e21 1e24-1e27 "
    "1e30-1e31 1e40-1e41 1e44-1e45 1e56-1e57 1e60-1e63 1e6a-1e6b 1e80-1e85 1e8c-1e93 1e9e 1ea0-1ea7 1eaa-1eac "
    "1eae-1ec1 1ec4-1ed3 1ed6-1edd 1ee4-1ef9 20ac"
)
LATIN_SEQUENCES = "44+302 4a+30c 4c+302 4d+302 4e+302 64+302 6c+302 6d+302 6e+302"

DIN_LETTERS = (
    "20-7e a1-ac ae-17e 187-188 18f 197 1a0-1a1 1af-1b0 1b7 1cd-1dc 1de-1df 1e2-1f0 1f4-1f5 1f8-1ff 212-213 218-21b "
    "21e-21f 227-233 259 268 292 2b9-2ba 2be-2bf 2c8 2cc 1e02-1e03 1e06-1e07 1e0a-1e11 1e1c-1e2b 1e2f-1e37 1e3a-1e3b "
    "1e40-1e49 1e52-1e5b 1e5e-1e63 1e6a-1e6f 1e80-1e87 1e8c-1e97 1e9e 1ea0-1ef9 2019 2021 20ac"
)
DIN_SPEC_C = f"9-a d a0 {DIN_LETTERS}"
DIN_MORE = "1e17"
DIN_D = (
    "192 2b0 2b3 2c6 2dc 2e2 386 388-38a 38c 38e-3a1 3a3-3ce 1d48 1d57 2018 201a 201c-201e 2020 2026 2030 2032-2033 "
    "2039-203a 2070 2074-2079 207f-2089 2122 221e 2264-2265"
)
DIN_SPEC_SEQUENCES = (
    "41+30b 43+300 43+304 43+306 43+308 43+315 43+323 43+326 43+328+306 44+302 46+300 46+304 47+300 48+304 48+326 "
    "48+331 4a+301 4a+30c 4b+300 4b+302 4b+304 4b+307 4b+315 4b+31b 4b+326 4b+35f+48 4b+35f+68 4c+302 4c+325 "
    "4c+325+304 4c+326 4d+300 4d+302 4d+306 4d+310 4e+302 4e+304 4e+306 4e+326 50+300 50+304 50+315 50+323 52+306 "
    "52+325 52+325+304 53+300 53+304 53+31b+304 53+331 54+300 54+304 54+308 54+315 54+31b 55+307 5a+300 5a+304 5a+306 "
    "5a+308 5a+327 61+30b 63+300 63+304 63+306 63+308 63+315 63+323 63+326 63+328+306 64+302 66+300 66+304 67+300 "
    "68+304 68+326 6a+301 6b+300 6b+302 6b+304 6b+307 6b+315 6b+31b 6b+326 6b+35f+68 6c+302 6c+325 6c+325+304 6c+326 "
    "6d+300 6d+302 6d+306 6d+310 6e+302 6e+304 6e+306 6e+326 70+300 70+304 70+315 70+323 72+306 72+325 72+325+304 "
    "73+300 73+304 73+31b+304 73+331 74+300 74+304 74+315 74+31b 75+307 7a+300 7a+304 7a+306 7a+308 7a+327 c7+306 "
    "db+304 e7+306 fb+304 ff+301 10c+315 10c+323 10d+315 10d+323 12a+301 12b+301 17d+326 17d+327 17e+326 17e+327 "
    "1e32+304 1e33+304 1e62+304 1e63+304 1e6c+304 1e6d+304 1ea0+308 1ea1+308 1ecc+308 1ecd+308 1ee4+304 1ee4+308 "
    "1ee5+304 1ee5+308"
)
DIN_MORE_SEQUENCES = "113+30d 14d+30d"

FILE_NAME = "20-21 23-25 28-29 2b-2e 30-39 3b 3d 41-5b 5d 5f 61-7a 7e a7 b0 c4 d6 dc df e4 f6 fc"
HOSTILE_IN_NAMES = frozenset('<>:"|?*/\\\t\n\r')
"""Characters that some file system gives a meaning of its own."""

RESERVED_NAMES = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{device}{number}" for device in ("COM", "LPT") for number in range(1, 10))]
)
"""Device names of Windows: no file may be called so, whatever its extension."""

INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF])
"""Removed everywhere: soft hyphen, zero-width space, byte order mark and the marks that turn the writing direction."""

REPLACEMENTS = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043", "-"),
    **dict.fromkeys("\u2022\u2023\u25aa\u25cf\u25e6\u2219\uf0b7", "-"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2039\u203a", "'"),
    **dict.fromkeys("\t\n\xa0\u1680\u202f\u205f\u3000", " "),
    **{chr(point): " " for point in range(0x2000, 0x200B)},
    **dict.fromkeys("\u200c\u200d\ufe0e\ufe0f", ""),
    "\u2026": "...",
    "\u2190": "<-",
    "\u2192": "->",
    "\u2194": "<->",
    "\u21d2": "=>",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2300": "\xd8",
    "\u2205": "\xd8",
    "\u2030": "o/oo",
    "\u2122": "(TM)",
    "\u2116": "Nr.",
    "\u2044": "/",
    "\u2215": "/",
    "\u03bc": "\xb5",
    "\u2103": "\xb0C",
    "\u33a1": "m\xb2",
    "\u33a5": "m\xb3",
    "\u2070": "^0",
    **{chr(0x2074 + digit): f"^{digit + 4}" for digit in range(6)},
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
    "\u2153": "1/3",
    "\u2154": "2/3",
    "\u215b": "1/8",
    "\u215c": "3/8",
    "\u215d": "5/8",
    "\u215e": "7/8",
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb06": "st",
}
"""What stands for a typographic character where a charset lacks it. Letters of other scripts are not guessed at."""
