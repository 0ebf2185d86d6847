#!/usr/bin/env python3
"""What sentencepiece makes of texts that end in its own mark for a space, with remove_extra_whitespaces.

usage: python3 make_trimmed.py   (Debian's python3-sentencepiece 0.1.97 wrote the committed file)
"""
import json
import os

import sentencepiece

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../FlexGen.Tokenizers.Tests/reference/")
# A second normalizer_spec, which has nothing but the flag: the fields of both hold.
TRIMS = bytes([0x1A, 0x02, 0x20, 0x01])
MARK = "\u2581"
TEXTS = ["", " ", "a", "a ", " a", "  a  b  ", MARK, MARK + MARK, "a" + MARK, "a " + MARK, "a" + MARK + " ", MARK + "a", " " + MARK + " a " + MARK, "a" + MARK + "b",
         "a\n" + MARK, "the end" + MARK * 3, "the  end\u00a0", "\u3000x\u3000", "a\tb ", "\u00a8 a", "x \u00a8", "one two  three" + MARK + "\n"]

for kind in ("sentencepiece", "sentencepiece-unigram"):
    with open(FOLDER + kind + "/tokenizer.model", "rb") as file:
        processor = sentencepiece.SentencePieceProcessor(model_proto=file.read() + TRIMS)
    with open(FOLDER + kind + "/trimmed.jsonl", "w", encoding="ascii", newline="\n") as file:
        for text in TEXTS:
            file.write(json.dumps({"text": text, "ids": processor.encode(text)}, separators=(",", ":")) + "\n")
