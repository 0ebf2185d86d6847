#!/usr/bin/env python3
"""Writes unicode-normalization.txt, the data that Unicode normalisation needs, from Python's own tables.

Entries, in hexadecimal: C0=41+300 decomposes and composes again; 958!915+93C only decomposes;
A0~20 decomposes for compatibility only; 300-314:E6 have that canonical combining class.
"""
import textwrap
import unicodedata

entries, classes = [], []
for code in range(0x110000):
    character = chr(code)
    raw = unicodedata.decomposition(character).split()
    if raw:
        compatible = raw[0].startswith("<")
        parts = "+".join(f"{int(part, 16):X}" for part in raw[compatible:])
        composes = unicodedata.normalize("NFC", character) == character
        entries.append(f"{code:X}{'~' if compatible else '=' if composes else '!'}{parts}")
    combining = unicodedata.combining(character)
    if combining:
        if classes and classes[-1][1:] == [code - 1, combining]:
            classes[-1][1] = code
        else:
            classes.append([code, code, combining])
entries += [f"{first:X}-{last:X}:{combining:X}" for first, last, combining in classes]

with open("unicode-normalization.txt", "w", encoding="ascii", newline="\n") as file:
    file.write(f"# Unicode {unicodedata.unidata_version}, written by make-unicode-table.py\n")
    file.write(textwrap.fill(" ".join(entries), 4000, break_on_hyphens=False) + "\n")
