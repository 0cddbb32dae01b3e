"""unicode_tables.py: writes the Unicode tables of Sources/Tokenization.

Each property is read off the `tokenizers` package itself, one code point at a time, because its Rust crates carry
several versions of Unicode: the tables are what the package does, not what any one standard says.
Run with the versions pinned in requirements-tokenizers.txt.
"""
import os
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Sources", "Tokenization")
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)


def bert(**options):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **options}).normalize_str


def ranges(points):
    runs = []
    for point in sorted(points):
        if runs and runs[-1][1] == point - 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return runs


def span(first, last):
    return f"{first:X}" if first == last else f"{first:X}-{last:X}"


def joined(points):
    return [span(*run) for run in ranges(points)]


def measure():
    clean, cjk, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    lower, nfd = bert(lowercase=True), normalizers.NFD().normalize_str
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    pieces = lambda text: len(pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text))
    around = lambda c: "a" + chr(c) + "a"

    sets = {
        "removed": {c for c in SCALARS if clean(around(c)) == "aa"},
        "ideographs": {c for c in SCALARS if cjk(around(c)) != around(c)},
        "marks": {c for c in SCALARS if strip(chr(c)) == ""},
        "punctuation": {c for c in SCALARS if len(words(around(c))) == 3},
        "whitespace": {c for c in SCALARS if len(words(around(c))) == 2},
        "letters": {c for c in SCALARS if pieces("a" + chr(c)) == 1},
        "numbers": {c for c in SCALARS if pieces("1" + chr(c)) == 1},
    }
    regex_space = set(SCALARS) - sets["letters"] - sets["numbers"] - {c for c in SCALARS if pieces("!" + chr(c)) == 1}
    assert regex_space == sets["whitespace"], "the two pre-tokenizers disagree about white space"
    cleaned_space = {c for c in SCALARS if clean(around(c)) == "a a"}
    assert cleaned_space == sets["whitespace"] - sets["removed"]

    decompositions = {c: nfd(chr(c)) for c in SCALARS if nfd(chr(c)) != chr(c)}
    for c in HANGUL:
        assert decompositions.pop(c) == unicodedata.normalize("NFD", chr(c))
    lowercase = {c: lower(chr(c)) for c in SCALARS if lower(chr(c)) != chr(c)}
    return sets, decompositions, lowercase, combining_classes(nfd, decompositions)


def combining_classes(nfd, decompositions):
    """The classes the package's own tables know: a mark it does not know is never reordered."""
    low, high = "\u0334", "\u0301"  # classes 1 and 230
    known = {}
    for c in SCALARS:
        text, value = chr(c), unicodedata.combining(chr(c))
        if c in decompositions or c in HANGUL:
            continue
        moves = nfd("a" + high + text) != "a" + high + text or nfd("a" + text + low) != "a" + text + low
        assert not moves or value > 0, hex(c)
        if moves:
            known[c] = value
    marks = [chr(c) for c in known]
    representative = {value: chr(c) for c, value in known.items()}
    for mark in marks:  # the class of each, against one mark of every class
        for value, other in representative.items():
            swapped = nfd("a" + mark + other) != "a" + mark + other
            assert swapped == (known[ord(mark)] > value), (hex(ord(mark)), value)
    return known


def class_entries(classes):
    entries = []
    for value in sorted(set(classes.values())):
        entries += [(first, f"{span(first, last)}:{value:X}")
                    for first, last in ranges(c for c, v in classes.items() if v == value)]
    return [text for _, text in sorted(entries)]


def lowercase_entries(mapping):
    """Runs of constant distance: first-last/step+distance (~ where it is negative); what becomes several scalars: c=x.y."""
    single = sorted((c, ord(t) - c) for c, t in mapping.items() if len(t) == 1)
    entries, index = [], 0
    while index < len(single):
        first, delta = single[index]
        best = (1, 1)
        for step in (1, 2):
            count = 1
            while index + count < len(single) and single[index + count] == (first + step * count, delta):
                count += 1
            best = max(best, (count, step))
        count, step = best
        last = first + step * (count - 1)
        body = span(first, last) + (f"/{step}" if count > 1 and step > 1 else "")
        entries.append((first, f"{body}{'+' if delta > 0 else '~'}{abs(delta):X}"))
        index += count
    entries += [(c, f"{c:X}=" + ".".join(f"{ord(x):X}" for x in t)) for c, t in mapping.items() if len(t) > 1]
    return [text for _, text in sorted(entries)]


def decomposition_entries(mapping):
    return [f"{c:X}=" + ".".join(f"{ord(x):X}" for x in t) for c, t in sorted(mapping.items())]


def swift(name, comment, entries):
    lines, line = [], "   "
    for entry in entries:
        if len(line) + 1 + len(entry) > 117:
            lines.append(line + " \\")
            line = "   "
        line += " " + entry
    lines.append(line)
    return f'  /// {comment}\n  static let {name} = """\n' + "\n".join(lines) + '\n    """\n'


def write(file, header, parts):
    body = "\n".join(parts)
    text = (f"// Written by evaluation/unicode_tables.py from tokenizers {tokenizers.__version__}: do not edit.\n\n"
            f"// swift-format-ignore-file\n/// {header}\n")
    with open(os.path.join(TARGET, file), "w", encoding="utf8") as out:
        out.write(text + "enum " + file.removesuffix(".swift") + " {\n" + body + "}\n")


sets, decompositions, lowercase, classes = measure()
write("UnicodeRanges.swift", "Sets of code points as hexadecimal ranges.", [
    swift("removed", "What BERT's text cleaning drops: controls, format characters, private use, U+FFFD.", joined(sets["removed"])),
    swift("whitespace", "White space, for the regex `\\s` and for BERT.", joined(sets["whitespace"])),
    swift("ideographs", "What BERT's normaliser surrounds with spaces.", joined(sets["ideographs"])),
    swift("punctuation", "What BERT's pre-tokenizer isolates.", joined(sets["punctuation"])),
    swift("marks", "The non-spacing marks that accent stripping drops.", joined(sets["marks"])),
    swift("letters", "`\\p{L}` of GPT-2's pattern.", joined(sets["letters"])),
    swift("numbers", "`\\p{N}` of GPT-2's pattern.", joined(sets["numbers"])),
])
write("UnicodeMappings.swift", "Maps of code points, in hexadecimal.", [
    swift("combiningClasses", "Canonical combining classes that are not 0, as range:class.", class_entries(classes)),
    swift("lowercase", "Lower case, as range+distance or range~negative distance (/2: every second one), or c=x.y.", lowercase_entries(lowercase)),
    swift("decompositions", "Full canonical decompositions but Hangul's, as c=x.y.", decomposition_entries(decompositions)),
])
