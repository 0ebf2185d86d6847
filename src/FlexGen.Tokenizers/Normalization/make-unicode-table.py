#!/usr/bin/env python3
"""Writes unicode-normalization.txt, the data that Unicode normalisation needs, from Python's own tables.

Entries, in hexadecimal: C0=41+300 decomposes and composes again; 958!915+93C only decomposes;
A0~20 decomposes for compatibility only; 300-314:E6 have that canonical combining class.
"""
import textwrap
import unicodedata

# Of the characters that count here, those that came after Unicode 9, which the tokenizers library still has: to it they have
# no class and no parts.
NEWER = """
7FD 898-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ACE 1DF6-1DFA 32FF A7F2-A7F4 A82C AB69 10781-10785
10787-107B0 107B2-107BA 10D24-10D27 10EAB-10EAC 10F46-10F50 10F82-10F85 11070 1133B 1145E 11839-1183A 11938
1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97 16FF0-16FF1 1E130-1E136 1E2AE 1E2EC-1E2EF
1F16C 1FBF0-1FBF9
"""
newer = set()
for ends in NEWER.split():
    first, _, last = ends.partition("-")
    newer.update(range(int(first, 16), int(last or first, 16) + 1))

entries, classes = [], []
for code in range(0x110000):
    if code in newer:
        continue
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
    file.write("# Unicode 9, written by make-unicode-table.py\n")
    file.write(textwrap.fill(" ".join(entries), 4000, break_on_hyphens=False) + "\n")
