#!/usr/bin/env python3
"""Small tokenizers in the layouts real checkpoints have, and what the libraries make of awkward texts.

usage: python3 make_tokenizers.py OUTDIR [KIND ...]

Writes OUTDIR/<kind>/{tokenizer files, expected.jsonl, stream.jsonl}. Trained here, on text made here.
"""
import collections
import io
import json
import os
import random
import shutil
import sys
import traceback
import unicodedata

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

# Llama 3's split, which is that of cl100k; Qwen 2's takes digits one at a time.
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3_SPLIT = SPLIT.replace("DIGITS", "{1,3}")
QWEN2_SPLIT = SPLIT.replace("DIGITS", "")

SPACE = "\u2581"  # the mark sentencepiece has for a space

# ---------------------------------------------------------------- training text

SENTENCES = [
    "The small engine reads its weights from one file and writes each token as soon as it is known.",
    "She didn't think they'd come, but we've all been there, haven't we? I'm sure it's fine; he'll see.",
    "Nothing in this garden grows as quickly as the bean that nobody planted.",
    "Before the storm the harbour was quiet, and the gulls sat in long rows along the wall.",
    "Der kleine Motor liest seine Gewichte aus einer Datei und schreibt jedes Zeichen sofort.",
    "Die Straße führt über die Brücke zu den alten Häusern; dort wohnen größere Füchse.",
    "Le petit moteur lit ses poids dans un fichier et écrit chaque mot dès qu'il est connu.",
    "L'été dernier, nous avons mangé des pêches à la fenêtre, où le garçon dormait déjà.",
    "El pequeño motor lee sus pesos de un archivo y escribe cada palabra. ¿Dónde está el niño? ¡Aquí!",
    "O pequeno motor lê os seus pesos e não pára; a manhã começa com pão e café.",
    "Il piccolo motore legge i suoi pesi e scrive ogni parola perché è già più veloce.",
    "De kleine motor leest zijn gewichten en schrijft elk woord zodra het bekend is.",
    "Mały silnik czyta swoje wagi z pliku; żółta łódź płynie wśród gęstej mgły.",
    "Malý motor čte své váhy ze souboru a příliš žluťoučký kůň pěl ďábelské ódy.",
    "Küçük motor ağırlıklarını dosyadan okur; ılık bir gün, İstanbul'da yağmur yağıyor.",
    "Động cơ nhỏ đọc trọng số từ một tệp và viết từng từ ngay khi biết được.",
    "Pieni moottori lukee painonsa tiedostosta, ja yöllä äiti syö jäätelöä.",
    "Ο μικρός κινητήρας διαβάζει τα βάρη του από ένα αρχείο και γράφει κάθε λέξη.",
    "Маленький двигатель читает свои веса из файла и сразу пишет каждое слово.",
    "Сьогодні в саду тихо, їжак спить під яблунею, а ґава сидить на паркані.",
    "المحرك الصغير يقرأ أوزانه من ملف واحد ويكتب كل كلمة فور معرفتها.",
    "המנוע הקטן קורא את המשקלים שלו מקובץ אחד וכותב כל מילה.",
    "छोटा इंजन अपनी फ़ाइल से भार पढ़ता है और हर शब्द तुरंत लिखता है।",
    "เครื่องยนต์เล็กอ่านน้ำหนักจากไฟล์และเขียนทุกคำทันที",
    "சிறிய இயந்திரம் தன் எடைகளை கோப்பிலிருந்து படிக்கிறது.",
    "小さなエンジンはファイルから重みを読み、すぐに言葉を書きます。カタカナもあります。",
    "小引擎从文件读取权重，并立即写出每个词。今天天气很好，我们去公园。",
    "小引擎從檔案讀取權重，並立即寫出每個詞。",
    "작은 엔진은 파일에서 가중치를 읽고 모든 단어를 바로 씁니다.",
    "Ձի, თბილისი, አዲስ አበባ, ភ្នំពេញ, བོད, ᓄᓇᕗᑦ.",
    "Sum: 1 + 2 = 3, 12 345.67 €, 50 %, 1,000,000 and 2024-05-17T08:30:00Z, page 1984, 3.14159.",
    "emoji 😀 😁 😂 🤣 👍 👍🏽 ❤️ 🎉 👨‍👩‍👧 🇫🇷 🇯🇵 1️⃣ ✅ — “quoted” ‘single’ … • → ≤ ½ ² ™",
    "see https://example.org/path/to/file.html?query=value&page=2#top or write to name@example.org",
    "{\"name\": \"value\", \"list\": [1, 2, 3], \"nested\": {\"true\": true, \"null\": null}}",
]

CODE = """\
def add(left, right):
    \"\"\"Return the sum.\"\"\"
    if left is None:
        return right
    for index in range(10):
        print(index, left + right)
    return left + right


public static class Program
{
    public static int Main(string[] args)
    {
        var total = 0;
        for (int i = 0; i < args.Length; i++)
        {
            total += int.Parse(args[i]);
            Console.WriteLine($"{i}: {total}");
        }
        return total == 0 ? 1 : 0;
    }
}

#include <stdio.h>
int main(void) {
\tprintf("%d\\n", 42);
\treturn 0;
}

<html><body class="main"><p>text</p></body></html>
SELECT name, count(*) FROM items WHERE price >= 10 GROUP BY name;
"""

SUBJECTS = ["the engine", "a teacher", "my neighbour", "the old captain", "every student", "our model",
            "the river", "nobody", "the committee", "a young doctor", "the tokenizer", "this machine"]
VERBS = ["reads", "carries", "remembers", "follows", "describes", "compares", "forgets", "builds",
         "answers", "measures", "returns", "translates", "is looking for", "has written"]
OBJECTS = ["the question", "a long sentence", "the weather report", "seven letters", "the first page",
           "an empty string", "the next word", "these numbers", "a little house", "the whole story",
           "another language", "the morning train", "some bread and cheese", "the distance"]
ENDINGS = ["in the morning", "without looking back", "because it was late", "before the others arrive",
           "for the third time", "when the light changes", "at the end of the line", "again and again",
           "with great attention", "as soon as possible", "under the bridge", "in a different order"]


def corpus():
    rng = random.Random(7)
    texts = []
    for _ in range(3):
        texts += SENTENCES
        texts.append(CODE)
    for _ in range(500):
        sentence = (f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)} "
                    f"{rng.choice(ENDINGS)}")
        texts.append(sentence[0].upper() + sentence[1:] + rng.choice([".", ".", "!", "?", ", it said."]))
    for _ in range(60):
        texts.append(" ".join(str(rng.randrange(10 ** rng.randrange(1, 8))) for _ in range(6)))
    return texts


def corpus_lines():
    """What sentencepiece takes: lines, and the tab is a mark of its own to its trainer."""
    return [line.replace("\t", "    ") for text in corpus() for line in text.split("\n") if line.strip()]


# ---------------------------------------------------------------- awkward texts

def random_texts(count):
    ranges = [
        (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF),
        (0x400, 0x4FF), (0x590, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0xB80, 0xBFF), (0xE00, 0xE5B),
        (0x1100, 0x11FF), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x209C),
        (0x2100, 0x218B), (0x2190, 0x21FF), (0x2460, 0x24FF), (0x2500, 0x257F), (0x3040, 0x30FF),
        (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0xE000, 0xE010), (0xFB00, 0xFB4F), (0xFE00, 0xFE0F),
        (0xFF00, 0xFFEF), (0x10330, 0x1034A), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x20000, 0x2A6D6),
    ]
    rng = random.Random(99)

    def character():
        while True:
            made = chr(rng.randint(*rng.choice(ranges)))
            # Unassigned ones mean different things to libraries of different Unicode versions.
            if unicodedata.category(made) not in ("Cn", "Cs"):
                return made

    texts = []
    for index in range(count):
        if index % 4 == 0:      # anything next to anything
            text = "".join(character() for _ in range(rng.randint(1, 14)))
        elif index % 4 == 1:    # words of one script each
            words = []
            for _ in range(rng.randint(1, 4)):
                low, high = rng.choice(ranges)
                word = [chr(rng.randint(low, high)) for _ in range(rng.randint(1, 6))]
                words.append("".join(c for c in word if unicodedata.category(c) not in ("Cn", "Cs")))
            text = " ".join(words)
        elif index % 4 == 2:    # spaces and punctuation in ASCII
            text = "".join(rng.choice("  \t\n\r.,'\"-_/\\()<>|#aAzZ019") for _ in range(rng.randint(3, 30)))
        else:                   # pieces of the training text, cut and joined anywhere
            pieces = []
            for _ in range(rng.randint(1, 3)):
                sentence = rng.choice(SENTENCES)
                start = rng.randrange(len(sentence))
                pieces.append(sentence[start:start + rng.randint(1, 18)])
            text = rng.choice(["", " ", "\n", "  "]).join(pieces)
        texts.append(text)
    return texts


def awkward_texts():
    texts = ["", " ", "a", "A", "Z", "0", "9", ".", "'", "\"", "\\", "/", "\n", "\t", "\r", "é", "ß", "я", "中",
             "한", "😀", "\u00a0", "\u2581", "Ġ"]

    # words and sentences
    texts += SENTENCES[:2]
    texts += [
        "Hello world", "hello world", "HELLO WORLD", "Hello, world!", " Hello world", "Hello world ", "  Hello  world  ",
        "Hello\nworld", "Hello\n\nworld", "the the the", "tokenization", "antidisestablishmentarianism",
        "The engine reads the question in the morning.", "camelCaseAndPascalCase snake_case kebab-case",
        "Wörter mit Umlauten: äöüÄÖÜß", "crème brûlée à la carte", "naïve façade coöperate",
        "Ελληνικά γράμματα", "ΣΊΣΥΦΟΣ σίσυφος", "Привет, мир!", "ПРИВЕТ МИР", "ёлка Ёлка", "Їжак і ґава",
        "مرحبا بالعالم", "السَّلَامُ عَلَيْكُمْ", "١٢٣٤٥", "שלום עולם", "בְּרֵאשִׁית", "नमस्ते दुनिया", "क्षत्रिय", "१२३ ४५६",
        "สวัสดีชาวโลก", "น้ำ", "வணக்கம் உலகம்", "ஸ்ரீ", "你好，世界！", "你好世界", "今天天气很好", "漢字かな交じり文", "カタカナ ﾊﾝｶｸ",
        "こんにちは世界", "が か\u3099", "안녕하세요 세계", "한국어 문장입니다.", "თბილისი", "Երևան", "አማርኛ", "ភាសាខ្មែរ", "བོད་ཡིག",
        "ᓄᓇᕗᑦ", "Tiếng Việt có dấu", "Příliš žluťoučký kůň", "Zażółć gęślą jaźń", "İstanbul ıspanak", "ĲSSELMEER ĳs",
        "mixed русский and 中文 and العربية text", "left \u202bעברית\u202c right",
    ]

    # composition
    texts += [
        "caf\u00e9", "cafe\u0301", "\u00c5ngstr\u00f6m", "A\u030angstro\u0308m", "\u212bngstr\u00f6m", "\u1e69 s\u0323\u0307 s\u0307\u0323",
        "\u1100\u1161\u11a8", "\uac01", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u1100\u1100\u1161\u1161", "\u110b\u1169 \u110b",
        "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324a\u035cl\u0335\u0315g\u0321o\u0489!", "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
        "\u0301leading mark", " \u0301 mark on space", "\u0958 \u0915\u093c", "\u0344 \u0308\u0301", "\u2126 \u03a9", "\ufb01 \ufb03 \ufb06",
        "\uff21\uff22\uff23 \uff11\uff12\uff13", "x\u00b2 + y\u2083", "\u2460\u2461\u2462 \u2167 \u217b", "\u00bd \u2153 \u215e", "\u33a5 \u337b \u3392",
        "\u1e9b\u0323", "\u0f71\u0f72\u0f74", "\u05e9\u05bc\u05c1", "\u0b94\u0bbe \u0b92\u0bd7",
    ]

    # emoji
    texts += [
        "😀😁😂", "I ❤️ you", "I ❤ you", "👍🏽👍🏿👍", "👨\u200d👩\u200d👧\u200d👦", "👩🏾\u200d🚀", "🏳️\u200d🌈", "🏴\u200d☠️", "🇫🇷🇯🇵🇺🇸", "🇫 🇷", "🇫🇷🇯",
        "1️⃣2️⃣#️⃣*️⃣", "☺ ☺\ufe0e ☺\ufe0f", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🤷🏼\u200d♀️ whatever", "text🎉text🎉",
        "🎉 🎉  🎉", "\u200d\u200d", "🫠🥹", "🧑\u200d💻 writes code",
    ]

    # white space
    texts += [" " * count for count in range(2, 18)]
    texts += ["a" + " " * count + "b" for count in (2, 3, 4, 5, 7, 8, 9, 15, 16, 17)]
    texts += ["\n" * count for count in (2, 3, 4, 7)]
    texts += [
        " a", "  a", "   a", "a ", "a  ", "a   ", "\ta", "\t\ta", "a\t", "a\tb\tc", " \t a", "\t \t", "a\r\nb", "a\r\n\r\nb", "\r\n", "\r\r\n\n", "\n\r",
        "a\n b", "a \nb", "a  \n  b", "a\n\n  b", "\n a", " \n", " \n ", "  \n\n  x", "line one\nline two\n", "a\x0bb\x0cc", "a\u0085b", "a\u2028b\u2029c",
        "a\u00a0b", "a \u00a0 b", "\u00a0\u00a0a", "\u2003wide\u2009thin\u200ahair", "\u3000全角\u3000空白", "a\u1680b\u205fc\u202fd", "a\u200bb\u200cc\u200dd",
        "\u2060word\u2060", "a\u180eb", "\u3000", "\u2003\u2003", "end with nbsp\u00a0", "soft\u00adhyphen",
    ]

    # control characters and the replacement character
    texts += [
        "\x00", "a\x00b", "\x00\x00", "\x01\x02\x03", "\x1b[31mred\x1b[0m", "a\x1cb\x1dc\x1ed\x1fe", "\x7f", "a\u0080b\u009fc", "bell\x07", "back\x08space",
        "\ufffd", "a\ufffdb", "\ufffd\ufffd\ufffd", "\ufeff", "\ufeffwith a mark", "middle\ufeffmark", "\ufff9a\ufffab\ufffb", "\uffff", "\ufdd0 \U0001ffff",
        "\ue000\uf8ff", "\U000f0000\U0010fffd", "𝕳𝖊𝖑𝖑𝖔 𝓌ℴ𝓇𝓁𝒹", "𠀀𠀁𪛖", "𐌰𐌱𐌲", "𝟘𝟙𝟚𝟛", "𞤀𞤁",
    ]

    # numbers
    texts += [
        "1", "12", "123", "1234", "12345", "123456", "1234567", "12345678901234567890", "0.5", "3.14159", "-1", "+1", "1e10", "1,000,000", "1 000 000", "0x1F", "0b1010",
        "007", "2024-05-17", "08:30:00", "$12.50", "12€", "50%", "1st 2nd 3rd", "a1b2c3", "1a", "a1", "123abc456", "x = 10", "٣٫١٤", "１２３４", "1²3", "Ⅳ4",
        "1\u00a0000", "192.168.0.1", "v1.2.3-rc4",
    ]

    # contractions
    texts += [
        "it's", "IT'S", "It's", "I'll", "I'LL", "we've", "WE'VE", "they're", "THEY'RE", "I'm", "I'M", "he'd", "HE'D", "don't", "DON'T", "don’t", "it’s", "'s", "'S", "''s", "'ll'",
        " 's", "'tis", "'twas", "o'clock", "rock'n'roll", "'re're", "x'\u017f", "'sick", "l'été d'hiver", "'\u0131",
    ]

    # code and the like
    texts += [
        "def f(x):\n    return x + 1\n", "\tif (a && b) {\n\t\treturn;\n\t}\n", "for (int i = 0; i < 10; ++i) { sum += i; }", "x->y; a::b; c != d; e === f; g <=> h;",
        "#include <stdio.h>\n", "<div class=\"a\">text</div>", "<!-- comment -->", "{\"key\": [1, 2.5, null, true]}", "{{ template }}", "$HOME/.bashrc", "C:\\Users\\name\\file.txt",
        "https://example.org/a/b?c=d&e=%20f#g", "name.surname+tag@example.org", "SELECT * FROM t WHERE a='b';", "**bold** _it_ `code` ~~x~~", "- [ ] item\n- [x] item", "| a | b |\n|---|---|",
        "\\frac{a}{b} \\alpha_{i}^{2}", "a=b,c;d:e", "...", "!!!", "?!?!", "----------", "==========", "()[]{}<>", "a...b", "a--b", "~!@#$%^&*()_+`-=", "\"quoted\" 'single' “curly” ‘curly’ «guillemets»",
        "en–dash em—dash", "// comment\r\nint a;\r\n", "```python\nprint('x')\n```\n", ").\n\n", "!\r\n\r\n", " -\n", "a\\nb",
    ]

    # long repetitions
    texts += ["a" * 64, "ab" * 40, "ha" * 33, "=" * 80, "." * 47, "0" * 41, "é" * 30, "中" * 25, "😀" * 12, " a" * 25, "\u0301" * 15, "-\n" * 12, "x" * 63 + "y"]

    # the names of tokens, as text
    texts += [
        "<s>", "</s>", "<s>x", "x</s>", "</s>x</s>", " </s> ", "<unk>", "<pad>", "a<unk>b", "<mask>", "<0x0A>", "<0x41><0x42>", "<0xE4><0xB8><0xAD>", "<0x0a>", "[INST]", "[/INST]",
        "[INST] Hello [/INST] Hi</s>", "<<SYS>>\nbe brief\n<</SYS>>", "<|im_start|>", "<|im_end|>", "<|im_start|>user\nHello<|im_end|>\n", "<|endoftext|>", "a<|endoftext|>b",
        "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|start_header_id|>system<|end_header_id|>\n\nbe brief<|eot_id|>", "<|begin_of_text|><|begin_of_text|>", "<tool_call>", "</tool_call>",
        "<tool_call>\n{\"name\": \"f\"}\n</tool_call>", "a<tool_call>b", " <tool_call> ", "<tool_call><tool_call>", "<tool_call", "tool_call>", "<TOOL_CALL>", "cafe\u0301<tool_call>e\u0301",
        "\u2581\u2581", "a\u2581b", "\u2581a", " \u2581 ", "\u2581 a", "ĠHello", "Ċ", "âĢĻ", "Ġ Ġ", "##ing", "@@ x", "</w>", "<|", "|>", "<", "<s", "s>",
    ]

    # in the llama3 vocabulary whole, but not to be reached by its merges
    texts += [" dataflow", "dataflow", "xyzzy", " xyzzy", "xyzzy dataflow", "你好世界 dataflow", "!!??!!"]

    texts += random_texts(90)

    unique = list(dict.fromkeys(texts))
    for text in unique:
        text.encode("utf-8")    # no lone surrogates
    return unique


STREAM_TEXTS = [
    "こんにちは世界、小さなエンジンです。", "😀😁😂🤣 emoji 👍🏽 end", "👨\u200d👩\u200d👧\u200d👦 family", "Привет, мир! 你好，世界！", "नमस्ते दुनिया और สวัสดี",
    "한국어 문장과 emoji 🎉", "𠀀𠀁𪛖 beyond the plane", "العربية ועברית", "Zażółć gęślą jaźń — ½ ™", "ᓄᓇᕗᑦ 𝕳𝖊𝖑𝖑𝖔 \ufffd",
    "flag 🇫🇷🇯🇵", "ends in 𝄞", "the word 龘", "heart ❤️\u200d🔥", "Tamil: ஸ்ரீ 🫠",
    "mix 中a文b字c😀d", "𐌰𐌱𐌲 gothic ê", "ፊደል and ཡིག", "🏳️\u200d🌈 x 🏴\u200d☠️", "ñ€𐍈 bytes of each length",
]

# ---------------------------------------------------------------- writing

def write_json(folder, name, value, indent=2):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
        json.dump(value, file, ensure_ascii=False, indent=indent)
        if indent:
            file.write("\n")


def write_lines(folder, name, rows):
    # Escaped to ASCII, so that no reader splits or alters a line.
    with open(os.path.join(folder, name), "w", encoding="ascii", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")


def write_expected(folder, prefix, special, encode, decode):
    """encode: text -> (ids, ids without special tokens); decode: ids -> text without special tokens."""
    texts = awkward_texts()
    if len(texts) < 260:
        raise RuntimeError(f"only {len(texts)} texts")
    rows, same, problems = [], 0, []
    for text in texts:
        try:
            ids, bare = encode(text)
            decoded = decode(ids)
            if ids != prefix + bare:
                raise RuntimeError(f"{ids} is not {prefix} before {bare}")
            if special & set(bare):
                raise RuntimeError(f"made a special token: {bare}")
            if decoded != decode(bare):
                raise RuntimeError("the special tokens change what is decoded")
        except Exception as error:
            problems.append(f"{ascii(text)}: {error}")
            continue
        same += decoded == text
        rows.append({"text": text, "ids": ids, "ids_without_special": bare, "decoded": decoded})
    write_lines(folder, "expected.jsonl", rows)

    rng = random.Random(5)
    streams, broken = [], 0
    for index, text in enumerate(STREAM_TEXTS):
        ids = encode(text)[1]
        if index >= 15:
            rng.shuffle(ids)
        elif index >= 10:
            # The last place where the text ends inside a character, if it has one.
            cuts = [cut for cut in range(1, len(ids)) if decode(ids[:cut]).endswith("\ufffd")]
            ids = ids[:cuts[-1] if cuts else -1]
        decoded = decode(ids)
        broken += "\ufffd" in decoded
        streams.append({"ids": ids, "decoded": decoded})
    write_lines(folder, "stream.jsonl", streams)
    print(f"  {len(rows)} texts, {same} decode to themselves; {len(streams)} streams, "
          f"{broken} with a broken character")
    # Raised only now, so that what is right lies there to be looked at.
    if problems:
        raise RuntimeError("texts left out:\n" + "\n".join(problems))


def write_expected_by(tokenizer, folder, prefix):
    # Special tokens inside a text are text: a user must not be able to write a control token.
    tokenizer.encode_special_tokens = True
    special = {id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special}

    def encode(text):
        return (list(tokenizer.encode(text, add_special_tokens=True).ids),
                list(tokenizer.encode(text, add_special_tokens=False).ids))

    write_expected(folder, prefix, special, encode,
                   lambda ids: tokenizer.decode(ids, skip_special_tokens=True))


# ---------------------------------------------------------------- pieces of the files

def added(id, content, special=True):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": special}


def added_decoder(tokens):
    return {str(token["id"]): {key: value for key, value in token.items() if key != "id"}
            for token in tokens}


def old_token(content, normalized=True):
    return {"__type": "AddedToken", "content": content, "lstrip": False, "normalized": normalized,
            "rstrip": False, "single_word": False}


def map_token(content, normalized=True):
    return {key: value for key, value in old_token(content, normalized).items() if key != "__type"}


def byte_level(add_prefix_space=False, trim_offsets=False, use_regex=False):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets,
            "use_regex": use_regex}


def split_then_bytes(pattern):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        byte_level()]}


def template(token, id):
    def special(type_id):
        return {"SpecialToken": {"id": token, "type_id": type_id}}

    def sequence(name, type_id):
        return {"Sequence": {"id": name, "type_id": type_id}}

    return {"type": "TemplateProcessing",
            "single": [special(0), sequence("A", 0)],
            "pair": [special(0), sequence("A", 0), special(1), sequence("B", 1)],
            "special_tokens": {token: {"id": token, "ids": [id], "tokens": [token]}}}


def bpe(tokens, merges, pairs=False, **changes):
    """The model of tokenizer.json; merges as lists of two (newer files) or as strings (older ones)."""
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": {token: id for id, token in enumerate(tokens)},
             "merges": [list(merge) if pairs else " ".join(merge) for merge in merges]}
    if len(model["vocab"]) != len(tokens):
        raise RuntimeError("a token comes twice")
    model.update(changes)
    return model


def write_tokenizer(folder, added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model):
    write_json(folder, "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens,
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
        "decoder": decoder, "model": model})
    # The reference reads the file as it was written.
    return Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))


def train_bpe(texts, pre_tokenizer, normalizer=None, **settings):
    """(tokens in the order of their ids, merges as pairs)"""
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(min_frequency=2, show_progress=False, **settings)
    tokenizer.train_from_iterator(texts, trainer=trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    merges = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge)
              for merge in model["merges"]]
    if [model["vocab"][token] for token in tokens] != list(range(len(tokens))):
        raise RuntimeError("ids are not 0..n-1")
    if any(len(merge) != 2 for merge in merges):
        raise RuntimeError("a merge is not of two")
    print(f"  trained {len(tokens)} tokens, {len(merges)} merges")
    return tokens, merges


def train_bytes(pattern, vocab_size, normalizer=None):
    return train_bpe(corpus(), pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), normalizer,
        vocab_size=vocab_size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))


def byte_letters():
    """The letter GPT-2 writes for each byte."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {**{byte: chr(byte) for byte in plain},
            **{byte: chr(256 + index) for index, byte in enumerate(rest)}}


# ---------------------------------------------------------------- kinds

def make_opt(folder):
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokens, merges = train_bpe(
        corpus(), pre_tokenizers.ByteLevel(add_prefix_space=False), vocab_size=4 + 256 + 1000,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=special)
    if tokens[:4] != special:
        raise RuntimeError(f"first tokens: {tokens[:4]}")
    write_json(folder, "vocab.json", {token: id for id, token in enumerate(tokens)}, indent=None)
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8", newline="\n") as file:
        file.write("#version: 0.2\n")
        file.writelines(f"{left} {right}\n" for left, right in merges)
    write_json(folder, "tokenizer_config.json", {
        "errors": "replace", "unk_token": old_token("</s>"), "bos_token": old_token("</s>"),
        "eos_token": old_token("</s>"), "pad_token": old_token("<pad>"), "add_prefix_space": False,
        "add_bos_token": True, "special_tokens_map_file": None, "tokenizer_class": "GPT2Tokenizer"})
    write_json(folder, "special_tokens_map.json", {
        "bos_token": map_token("</s>"), "eos_token": map_token("</s>"), "unk_token": map_token("</s>"),
        "pad_token": map_token("<pad>")})

    tokenizer = Tokenizer(models.BPE.from_file(
        os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="</s> $A", pair="</s> $A </s> $B", special_tokens=[("</s>", 2)])
    # The ones facebook/opt's files call special; it has <s> and <unk> only in its vocabulary.
    tokenizer.add_special_tokens([AddedToken("</s>", normalized=False, special=True),
                                  AddedToken("<pad>", normalized=False, special=True)])
    if (tokenizer.token_to_id("</s>"), tokenizer.token_to_id("<pad>")) != (2, 1):
        raise RuntimeError("special tokens moved")
    write_expected_by(tokenizer, folder, [2])


def make_llama3(folder):
    tokens, merges = train_bytes(LLAMA3_SPLIT, 256 + 800)
    letters = byte_letters()
    # Whole words without merges: only ignore_merges finds them.
    for word in (" dataflow", "dataflow", "xyzzy", "你好世界", "!!??!!"):
        token = "".join(letters[byte] for byte in word.encode("utf-8"))
        if token not in tokens:
            tokens.append(token)
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|start_header_id|>",
             "<|end_header_id|>"]
    added_tokens = [added(len(tokens) + index, name) for index, name in enumerate(names)]
    begin = added_tokens[0]["id"]
    tokenizer = write_tokenizer(
        folder, added_tokens, None, split_then_bytes(LLAMA3_SPLIT),
        {"type": "Sequence", "processors": [byte_level(True, False, True), template(names[0], begin)]},
        byte_level(True, True, True), bpe(tokens, merges, ignore_merges=True))
    write_json(folder, "tokenizer_config.json", {
        "added_tokens_decoder": added_decoder(added_tokens), "bos_token": names[0],
        "clean_up_tokenization_spaces": True, "eos_token": names[1],
        "model_input_names": ["input_ids", "attention_mask"], "model_max_length": 131072,
        "tokenizer_class": "PreTrainedTokenizerFast"})
    write_json(folder, "special_tokens_map.json", {
        "bos_token": map_token(names[0], False), "eos_token": map_token(names[1], False)})
    write_expected_by(tokenizer, folder, [begin])


def make_qwen(folder):
    tokens, merges = train_bytes(QWEN2_SPLIT, 256 + 800, normalizers.NFC())
    names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
    added_tokens = [added(len(tokens) + index, name, special="tool_call" not in name)
                    for index, name in enumerate(names)]
    tokenizer = write_tokenizer(
        folder, added_tokens, {"type": "NFC"}, split_then_bytes(QWEN2_SPLIT), byte_level(), byte_level(),
        bpe(tokens, merges, continuing_subword_prefix="", end_of_word_suffix=""))
    write_json(folder, "vocab.json", {token: id for id, token in enumerate(tokens)}, indent=None)
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8", newline="\n") as file:
        file.write("#version: 0.2\n")
        file.writelines(f"{left} {right}\n" for left, right in merges)
    write_json(folder, "tokenizer_config.json", {
        "add_bos_token": False, "add_prefix_space": False,
        "added_tokens_decoder": added_decoder(added_tokens),
        "additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "bos_token": None,
        "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace",
        "model_max_length": 131072, "pad_token": "<|endoftext|>", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None})
    write_expected_by(tokenizer, folder, [])


def sentencepiece_vocabulary(first):
    """Tokens and merges laid out as in a converted Llama 2: named, bytes, merged, single characters."""
    lines = corpus_lines()
    # Rare characters are left to the bytes. The trainer's own limit_alphabet breaks ties by hash order.
    counts = collections.Counter(character for line in lines for character in line)
    kept = {character for character, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:240]}
    lines = ["".join(character for character in line if character in kept) for line in lines]
    trained, merges = train_bpe(
        lines, pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=True),
        vocab_size=850)
    # Training cuts at every space, so the runs of spaces Llama 2 has tokens for are put in by hand.
    run = SPACE
    for place, merge in ((0, (run, run)), (12, (run * 2, run * 2)), (13, (run * 2, run)),
                         (14, (run, run * 2)), (40, (run * 4, run * 4))):
        if merge not in merges:
            merges.insert(place, merge)
    made = list(dict.fromkeys(left + right for left, right in merges))
    letters = [token for token in trained if token not in set(made)]
    if any(len(letter) != 1 for letter in letters) or SPACE not in letters:
        raise RuntimeError("the trained tokens are not merges and single characters")
    return first + [f"<0x{byte:02X}>" for byte in range(256)] + made + letters, merges


def sentencepiece_decoder():
    return {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}


def make_llama2(folder):
    names = ["<unk>", "<s>", "</s>"]
    tokens, merges = sentencepiece_vocabulary(names)
    added_tokens = [added(id, name) for id, name in enumerate(names)]
    tokenizer = write_tokenizer(
        folder, added_tokens,
        {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": SPACE},
            {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]},
        None, template("<s>", 1), sentencepiece_decoder(),
        bpe(tokens, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    write_json(folder, "tokenizer_config.json", {
        "add_bos_token": True, "add_eos_token": False, "bos_token": old_token("<s>", False),
        "clean_up_tokenization_spaces": False, "eos_token": old_token("</s>", False), "legacy": False,
        "model_max_length": 4096, "pad_token": None, "padding_side": "right", "sp_model_kwargs": {},
        "tokenizer_class": "LlamaTokenizer", "unk_token": old_token("<unk>", False)})
    write_json(folder, "special_tokens_map.json", {
        "bos_token": map_token("<s>", False), "eos_token": map_token("</s>", False),
        "unk_token": map_token("<unk>", False)})
    write_expected_by(tokenizer, folder, [1])


def make_mistral(folder):
    names = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    tokens, merges = sentencepiece_vocabulary(names)
    added_tokens = [added(id, name) for id, name in enumerate(names)]
    tokenizer = write_tokenizer(
        folder, added_tokens, None,
        {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "first", "split": False},
        template("<s>", 1), sentencepiece_decoder(),
        bpe(tokens, merges, pairs=True, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    write_json(folder, "tokenizer_config.json", {
        "add_bos_token": True, "add_eos_token": False, "add_prefix_space": None,
        "added_tokens_decoder": added_decoder(added_tokens), "additional_special_tokens": [],
        "bos_token": "<s>", "clean_up_tokenization_spaces": False, "eos_token": "</s>", "legacy": False,
        "model_max_length": 32768, "pad_token": None, "sp_model_kwargs": {},
        "spaces_between_special_tokens": False, "tokenizer_class": "LlamaTokenizer", "unk_token": "<unk>",
        "use_default_system_prompt": False})
    write_json(folder, "special_tokens_map.json", {
        "bos_token": map_token("<s>", False), "eos_token": map_token("</s>", False),
        "unk_token": map_token("<unk>", False)})
    write_expected_by(tokenizer, folder, [1])


def train_sentencepiece(folder, **settings):
    # A text of many scripts has more letters than the vocabulary has room for; how many the trainer
    # counts is its own affair, so it is asked again for fewer.
    for coverage in (0.985, 0.97, 0.95, 0.9):
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(corpus_lines()), model_writer=model, character_coverage=coverage,
                byte_fallback=True, split_digits=True, add_dummy_prefix=True,
                remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
                hard_vocab_limit=False, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, num_threads=1,
                shuffle_input_sentence=False, minloglevel=2, **settings)
        except Exception as error:
            print(f"  coverage {coverage} refused: {error}")
            continue
        with open(os.path.join(folder, "tokenizer.model"), "wb") as file:
            file.write(model.getvalue())
        processor = sentencepiece.SentencePieceProcessor(
            model_file=os.path.join(folder, "tokenizer.model"))
        print(f"  coverage {coverage}: {processor.get_piece_size()} pieces")
        return processor
    raise RuntimeError("no coverage was accepted")


def make_sentencepiece(folder, **settings):
    processor = train_sentencepiece(folder, **settings)
    write_json(folder, "tokenizer_config.json", {
        "add_bos_token": True, "add_eos_token": False, "bos_token": old_token("<s>", False),
        "clean_up_tokenization_spaces": False, "eos_token": old_token("</s>", False), "legacy": False,
        "model_max_length": 4096, "pad_token": None, "padding_side": "right", "sp_model_kwargs": {},
        "tokenizer_class": "LlamaTokenizer", "unk_token": old_token("<unk>", False)})
    if (processor.unk_id(), processor.bos_id(), processor.eos_id()) != (0, 1, 2):
        raise RuntimeError("the named pieces are not 0, 1, 2")
    if any(processor.id_to_piece(3 + byte) != f"<0x{byte:02X}>" for byte in range(256)):
        raise RuntimeError("the bytes are not 3..258")

    def encode(text):
        ids = list(processor.encode(text, out_type=int))
        return [1] + ids, ids

    write_expected(folder, [1], {0, 1, 2}, encode,
                   lambda ids: processor.decode([id for id in ids if id != 1]) if ids else "")


KINDS = {
    "opt": make_opt,
    "llama3": make_llama3,
    "qwen": make_qwen,
    "llama2": make_llama2,
    "mistral": make_mistral,
    "sentencepiece": lambda folder: make_sentencepiece(
        folder, model_type="bpe", vocab_size=1000, normalization_rule_name="identity"),
    "sentencepiece-unigram": lambda folder: make_sentencepiece(
        folder, model_type="unigram", vocab_size=1000, normalization_rule_name="nmt_nfkc"),
}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out, wanted = sys.argv[1], sys.argv[2:] or list(KINDS)
    unknown = set(wanted) - set(KINDS)
    if unknown:
        sys.exit(f"no such kind: {sorted(unknown)}")
    print(f"tokenizers {tokenizers.__version__}, sentencepiece {sentencepiece.__version__}, "
          f"{len(awkward_texts())} texts", flush=True)
    failed, total = [], 0
    for kind in wanted:
        folder = os.path.join(out, kind)
        print(f"{kind}:", flush=True)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            KINDS[kind](folder)
            sizes = {name: os.path.getsize(os.path.join(folder, name))
                     for name in sorted(os.listdir(folder))}
            total += sum(sizes.values())
            own = sum(size for name, size in sizes.items() if not name.endswith(".jsonl"))
            print(f"  tokenizer {own} bytes, all {sum(sizes.values())}: {sizes}", flush=True)
        except BaseException as error:    # a panic of the Rust library is not an Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            traceback.print_exc()
            failed.append(kind)
    print(f"\n{total} bytes in all; made {len(wanted) - len(failed)} kinds; failed: {failed or 'none'}",
          flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
