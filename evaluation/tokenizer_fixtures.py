"""tokenizer_fixtures.py ACLIMDB VOCABULARIES MODELS [--long]: writes Tests/TokenizationTests/Fixtures.
tokenizer_fixtures.py --embedded: writes embedded.json alone, from the vocabularies that are there.

What the `tokenizers` and `sentencepiece` packages (pinned in requirements-tokenizers.txt) make of a Unicode torture
list, of 40 reviews and of 10 MB without a space. VOCABULARIES holds bert-base-uncased/vocab.txt and
gpt2/{vocab.json,merges.txt}; MODELS the embedded checkpoints. embedded.json is of the 3,000 reviews in imdb/. The 10 MB take minutes, so only --long makes them anew.
"""
import codecs
import hashlib
import json
import os
import random
import shutil
import sys
from collections import Counter

import sentencepiece
import tokenizer_parity
import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "Tests", "TokenizationTests", "Fixtures")
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
LONG = 10_000_000


def text_spans(data):
    """The text of perhaps bad UTF-8 and the byte range of each of its characters."""
    bad = {}

    def replace(error):
        bad[error.start] = error.end
        return "\ufffd", error.end

    codecs.register_error("spans", replace)
    text, spans, position = data.decode("utf8", "spans"), [], 0
    for character in text:
        end = bad.get(position) if character == "\ufffd" and position in bad else None
        spans.append((position, end or position + len(character.encode())))
        position = spans[-1][1]
    return text, spans


def byte_offsets(offsets, spans):
    start = lambda a: spans[a][0] if a < len(spans) else (spans[-1][1] if spans else 0)
    return [[0, 0] if a == b == 0 else [start(a), spans[b - 1][1] if b > a else start(a)] for a, b in offsets]


def with_tokenizers(tokenizer):
    added = tokenizer.get_added_tokens_decoder()

    def encode(data):
        text, spans = text_spans(data)
        encoding = tokenizer.encode(text)
        # encoding.tokens would show the text an added token took, white space and all, not the vocabulary's string.
        tokens = [added[i].content if i in added else tokenizer.id_to_token(i) for i in encoding.ids]
        return encoding.ids, tokens, byte_offsets(encoding.offsets, spans)

    return encode


def with_sentencepiece(path):
    model = sentencepiece.SentencePieceProcessor(model_file=path)

    def encode(data):
        text, spans = text_spans(data)
        pieces = model.encode(text, return_type="proto").pieces
        starts, ends, position = {}, {}, 0  # from bytes of the well-formed text to bytes of the data
        for character, (start, end) in zip(text, spans):
            starts[position] = (start, end)
            position += len(character.encode())
            ends[position] = end
        ids, offsets = [p.id for p in pieces], []
        for p in pieces:
            begin = starts.get(p.begin, (len(data), len(data)))
            # A character that became several pieces belongs to each of them.
            whole = p.begin == p.end and model.id_to_piece(p.id) != "\u2581"
            offsets.append([begin[0], begin[1] if whole else begin[0] if p.begin == p.end else ends[p.end]])
        return ids, [model.id_to_piece(i) for i in ids], offsets

    return encode


def torture():
    rng = random.Random(1)
    texts = [
        "", " ", "a", "\n", "\t \r\n  x \v\f y", "Hello, world! It's GOOD, isn't it? We'll I'd they've you're I'm",
        "don't DON'T 'tis ''s 'S 'll'LL '", "  leading and trailing  ", "a  b   c    d", "x\u00a0y\u2003z\u3000w\u2028v\u2029u\u0085t",
        "1 22 333 4444 ½ ² ① Ⅷ ٣ १२ 三", "café CAFÉ cafe\u0301 ÀÈÎÕÜ àèîõü ñ Ñ ç Ç ß ẞ ﬁ ﬀ", "İstanbul ISPARTA ıi ŞĞ", "ΑΣ ΟΔΟΣ ὈΔΥΣΣΕΎΣ ς σ",
        "Ελληνικά ΆΈΉΊΌΎΏ ΐΰ ᾳ ᾼ ῷ", "Привет МИР йЙёЁ Ґґ Її Ѐѝ", "שָׁלוֹם עולם \u200fRTL\u200e", "مَرْحَبًا بِالعَالَم ١٢٣ ﷺ ﷲ", "हिन्दी में नमस्ते क़ ड़", "বাংলা কো কৌ",
        "தமிழ் கொ கௌ", "ไทย ภาษา กำ", "한국어 각 힣 ᄒ ᅡ ᆫ 가\u11a8", "日本語 カタカナ ｶﾞ ガ か\u3099 ﾊﾟ", "中文字符，标点。「」 漢字\u2f00⼀", "豈 更 車 \U0002f800 \U00020000\U0002a6d6 \U0002b740\U0002b81f\U0002b920\U0002ebf0",
        "emoji 😀👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇫🇷🇩🇪 1️⃣ ☺️ ❤ ❤️", "z\u0335\u0321a\u0316\u0301l\u0300\u0316g\u0489o\u20dd", "\u0301lone mark \u0301\u0316 \u0316\u0301", "a\u302e\u0301b a\u0301\u302eb a\u1b44\u302e c \u302f\u0316\u0301", "\u0344 \u0f73 \u0f71\u0f72 \u0958 \u09dc ก\u0e38\u0e48 a\u08d4\u064e",
        "\u212b \u2126 \u00c5 \u1e9b\u0323 \u1e69 s\u0323\u0307 \u0073\u0307\u0323", "ctl \x00 \x01 \x07 \x1b[0m \x7f \x80 \x9f end", "soft\u00adhyphen zero\u200bwidth\u200cnon\u200djoin\ufefffe \u2060wj \u180e", "\ufffd real replacement \ufffd\ufffd",
        "private \ue000\uf8ff \U000f0000 \U0010ffff nonchar \ufffe\uffff \U0001fffe", "unassigned \u0378 \u0380 \U000e0000", "tags \U000e0041\U000e007f", "new marks \u1abf \u1dfb \U0001e000 \U00011938 \U00016d68",
        "new letters \u1c89 \ua7cb \U00010d50 \U0001e5d0 \U00031350 \U0002ebf0", "$ + < = > ^ ` | ~ ¢ £ ¥ € § ¶ © ® ° ± × ÷ • … “q” ‘s’ – — ‐ ‑ † ‡ ‰ ′ ″ ※ ‽ ⁉ № ™ ℃ → ∞ ≠ ✓ ★",
        "[MASK] [CLS] [SEP] [PAD] [UNK] [mask] [MASK][MASK] x[MASK]y [MASK", "<|endoftext|> a<|endoftext|>b <|endoftext|", "<s> </s> <unk> <pad> <0x41>", "new  ADDED word, snewword newwords newword", "left <l>  <l> right <r>  x <b> <r>\n<b>y é<b>\u00a0z",
        "Éclair ÉCLAIR eclair", "##ing a##b ## # @user http://a.b/c?d=e&f#g e-mail_x@y.zz C++ a_b __init__ 3.14 1,000 $5 50%", "<br /><br />Great<br/>movie", "x" * 99 + " " + "x" * 100 + " " + "x" * 101, "é" * 100 + " " + "é" * 101 + " e" + "\u0301" * 200,
        "aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaa abababababab abcabcabcabc bananananana", "!" * 40 + "?!?!...---***", "ǅ ǆ Ǆ ǈ ŉ ǰ ΐ և ﬓ", "ᏸᏹ Ꭰ ꭰ Ⴀ ⴀ ა Ა Ꞌ Ɐ", "𝐀𝒃 𝔘𝔫𝔦 𐐀𐐨 𞤀𞤢 𐲀", "a\u0345 \u0345\u0301 \u1fb3\u0301", "ﬃ ㎞ ㍿ ½ ㈱ ｱｲｳ ＡＢＣ　ａｂｃ ﹏ ＿ ～", "㋿ \u32ff ꙮ ﷽ 𒐫 ꧅",
        "mixed العربية and עברית with 中文 and 日本 plus ไทย in one", "\u202etfel ot thgir\u202c", "line\u2028sep para\u2029sep nel\u0085end", "tab\tsep\tvalues\r\nwin line\rmac", " \u3000 \u00a0 ",
    ]
    cases = [text.encode() for text in texts]
    cases += [
        b"\xff\xfe bad", b"caf\xe9 latin1", b"cut \xe2\x82", b"cut \xf0\x9f\x98", b"cut \xf0\x9f", b"\xc0\xaf overlong \xe0\x80\x80 \xf0\x80\x80\x80", b"sur \xed\xa0\x80\xed\xb0\x80 end", b"\x80\x81\x82", b"big \xf4\x90\x80\x80 \xf8\x88\x80\x80\x80 \xfc",
        b"\xe2\x82\xac\xe2\x82 \xf0\x9f\x98\x80\xf0\x9f\x98x", b"nul\x00in\x00side", b"\xef\xbf\xbd\xef\xbf \xef", b"good \xc3\xa9 then \xc3 bad \xc3\xa9 [MASK]\xff<|endoftext|>\xfe",
    ]
    blocks = [(0x20, 0x7F), (0, 0x20), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x590), (0x590, 0x700), (0x900, 0xE00), (0xE00, 0x1200), (0x1AB0, 0x1F00), (0x1F00, 0x2070), (0x2070, 0x2C00), (0x3000, 0x3200), (0xA640, 0xAC00), (0xAC00, 0xAD00), (0xF900, 0x10000), (0x10000, 0x12000), (0x1D000, 0x1F700), (0xE0000, 0xE0200)]
    for _ in range(40):
        chosen = rng.sample(blocks, 3) + [(0x20, 0x7F), (0x300, 0x340)]
        cases.append("".join(chr(rng.randrange(*rng.choice(chosen))) for _ in range(60)).encode())
    for _ in range(12):
        cases.append(bytes(rng.choice([rng.randrange(256), rng.randrange(0x20, 0x7F), 0xE2, 0x82, 0xF0, 0x9F]) for _ in range(40)))
    return cases


def reviews(folder, count):
    names = [f"{folder}/{split}/{side}/{name}" for split in ("train", "test") for side in ("pos", "neg")
             for name in sorted(os.listdir(f"{folder}/{split}/{side}"))]
    chosen = random.Random(2).sample(names, count)
    return [open(name, encoding="utf8", newline="").read().replace("\n", " ") for name in chosen]


def long_text():
    """10 MB of letters from a linear congruential generator the tests run too."""
    state, letters = 1, bytearray()
    for _ in range(LONG):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        letters.append(97 + (state >> 33) % 26)
    return bytes(letters)


def digest(ids, offsets):
    line = " ".join(f"{i}:{a}-{b}" for i, (a, b) in zip(ids, offsets))
    return hashlib.sha256(line.encode()).hexdigest()[:16]


def id_digest(ids):
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]


def wordpiece(vocabulary, added=(), **options):
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(t, vocabulary[t]) for t in ("[CLS]", "[SEP]")])
    tokenizer.add_special_tokens([t for t in SPECIAL if t in vocabulary])
    tokenizer.add_tokens(list(added))
    return tokenizer


def byte_level(vocabulary, merges, special=("<|endoftext|>",), added=(), prefix=False, trim=None):
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    if trim is not None:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim, add_prefix_space=prefix)
    tokenizer.add_special_tokens(list(special))
    tokenizer.add_tokens(list(added))
    return tokenizer


def roberta(vocabulary, merges, prefix=False, trim=True):
    """RobertaTokenizer: <mask> takes the spaces before it, as in released models."""
    tokenizer = byte_level(vocabulary, merges, special=(), prefix=prefix)
    tokenizer.add_special_tokens(ROBERTA[:4] + [AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"]), trim, prefix)
    return tokenizer


def roberta_fixtures(texts, fixture):
    """A vocabulary like RoBERTa's, trained on the reviews: special tokens first, <mask> last."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=700, show_progress=False, special_tokens=ROBERTA[:4],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    vocabulary = {**model["vocab"], "<mask>": len(model["vocab"])}
    write(fixture("roberta", "vocab.json"), json.dumps(vocabulary, ensure_ascii=False) + "\n")
    write(fixture("roberta", "merges.txt"), "#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in merges))
    write(fixture("roberta", "tokenizer_config.json"), json.dumps(
        {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False, "trim_offsets": True}) + "\n")
    flags = {"content": "<mask>", "lstrip": True, "rstrip": False, "single_word": False, "normalized": False}
    write(fixture("roberta", "special_tokens_map.json"), json.dumps({
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>",
        "cls_token": "<s>", "mask_token": flags}) + "\n")
    encoders = {"roberta": with_tokenizers(roberta(vocabulary, merges))}
    for name, options in {"roberta-json": {}, "roberta-json-prefix": {"prefix": True},
                          "roberta-json-untrimmed": {"prefix": True, "trim": False}}.items():
        tokenizer = roberta(vocabulary, merges, **options)
        write(fixture(name, "tokenizer.json"), tokenizer.to_str())
        encoders[name] = with_tokenizers(tokenizer)
    masks = ["a  <mask> b", " <mask>é", "<mask>", "a\u00a0\n <mask> <mask>", " <mask> <mask>.", "x<mask>\t</s> <mask>y"]
    write(fixture("roberta-masks.json"), json.dumps([{"text": text, "expected": {
        name: {"ids": ids, "offsets": offsets} for name, encode in encoders.items()
        for ids, _, offsets in [encode(text.encode())]}} for text in masks], indent=0) + "\n")
    return encoders


def cased_fixture(texts, fixture):
    """A cased WordPiece vocabulary, as of a cased BERT or DistilBERT: characters, frequent words and endings of the
    reviews. (The package's trainer gives other ids in every run.)"""
    words = Counter(word for text in texts for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text))
    endings = Counter()
    for word, count in words.items():
        for length in range(2, min(5, len(word))):
            endings["##" + word[-length:]] += count
    most = lambda counts, number: sorted(counts, key=lambda token: (-counts[token], token))[:number]
    characters = sorted({character for word in words for character in word})
    tokens = list(dict.fromkeys(
        SPECIAL + characters + ["##" + character for character in characters] + most(words, 700) + most(endings, 300)))
    write(fixture("wordpiece-cased", "vocab.txt"), "".join(token + "\n" for token in tokens))
    write(fixture("wordpiece-cased", "tokenizer_config.json"), json.dumps(
        {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False}) + "\n")
    vocabulary = {token: i for i, token in enumerate(tokens)}
    return {"wordpiece-cased": with_tokenizers(wordpiece(vocabulary, lowercase=False))}


def character_vocabulary(cases):
    """Every character the torture list can become, as a word and as a continuation, so that ids tell them apart."""
    seen = set()
    for options in ({}, {"lowercase": False}, {"strip_accents": False}, {"clean_text": False, "lowercase": False}):
        normalizer = normalizers.BertNormalizer(**options)
        for case in cases:
            seen |= set(normalizer.normalize_str(case.decode("utf8", "replace")))
    tokens = SPECIAL + [p + c for c in sorted(seen - set(" \n\r")) for p in ("", "##")]
    return tokens


def read_lines(path):
    return {line.rstrip("\n"): i for i, line in enumerate(open(path, encoding="utf8", newline="\n"))}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf8", newline="") as out:
        out.write(text)


def embedded():
    """The tokens of every embedded review, a digest for each hundred: from the files of the fixtures alone."""
    texts = [text for split in ("test", "train") for text in tokenizer_parity.reviews(f"{HERE}/imdb/{split}.jsonl")]
    digests = {}
    for name in ("bert-base-uncased", "gpt2", *tokenizer_parity.FAMILIES):
        encode = with_tokenizers(tokenizer_parity.reference(os.path.join(OUT, name)))
        lines = [digest(ids, offsets) for ids, _, offsets in (encode(text.encode()) for text in texts)]
        digests[name] = [hashlib.sha256(" ".join(lines[i:i + 100]).encode()).hexdigest()[:16]
                         for i in range(0, len(lines), 100)]
    write(os.path.join(OUT, "embedded.json"), json.dumps(digests, indent=0, sort_keys=True) + "\n")


def main(imdb, vocabularies, checkpoints, makes_long):
    cases, texts = torture(), reviews(imdb, 40)
    fixture = lambda *parts: os.path.join(OUT, *parts)
    for folder in os.listdir(OUT):
        if os.path.isdir(fixture(folder)):
            shutil.rmtree(fixture(folder))
    write(fixture("torture.json"), json.dumps([case.hex() for case in cases], indent=0) + "\n")
    write(fixture("reviews.txt"), "".join(text + "\n" for text in texts))
    encoders = {}

    for name in ("bert-base-uncased", "gpt2"):
        shutil.copytree(f"{vocabularies}/{name}", fixture(name))
    encoders["bert-base-uncased"] = with_tokenizers(wordpiece(read_lines(fixture("bert-base-uncased", "vocab.txt"))))
    gpt2 = models.BPE.read_file(fixture("gpt2", "vocab.json"), fixture("gpt2", "merges.txt"))
    encoders["gpt2"] = with_tokenizers(byte_level(*gpt2))

    tokens = character_vocabulary(cases)
    vocabulary = {token: i for i, token in enumerate(tokens)}
    for name, config in {
        "characters-uncased": {}, "characters-cased": {"do_lower_case": False},
        "characters-accents": {"do_lower_case": True, "strip_accents": False},
        "characters-stripped": {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False},
    }.items():
        write(fixture(name, "vocab.txt"), "".join(token + "\n" for token in tokens))
        if config:
            write(fixture(name, "tokenizer_config.json"), json.dumps(config) + "\n")
        encoders[name] = with_tokenizers(wordpiece(
            vocabulary, lowercase=config.get("do_lower_case", True), strip_accents=config.get("strip_accents"),
            handle_chinese_chars=config.get("tokenize_chinese_chars", True)))
    flagged = [
        AddedToken("newword", single_word=True, normalized=True), AddedToken("<l>", lstrip=True, normalized=False),
        AddedToken("<r>", rstrip=True, normalized=False), AddedToken("<b>", lstrip=True, rstrip=True, normalized=False),
        AddedToken("Éclair", normalized=True), AddedToken("ADDED word", normalized=False, single_word=True)]
    for name, options in {"json-wordpiece": {}, "json-raw": {"clean_text": False, "lowercase": False}}.items():
        tokenizer = wordpiece(vocabulary, added=flagged, **options)
        write(fixture(name, "tokenizer.json"), tokenizer.to_str())
        encoders[name] = with_tokenizers(tokenizer)

    small = Tokenizer(models.BPE())
    small.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    small.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=600, show_progress=False, special_tokens=["<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    model = json.loads(small.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    for name, options in {
        "json-bpe": {"added": flagged}, "json-prefix": {"prefix": True, "added": flagged},
        "json-trimmed": {"trim": True}, "json-prefix-trimmed": {"prefix": True, "trim": True},
    }.items():
        tokenizer = byte_level(model["vocab"], merges, **options)
        write(fixture(name, "tokenizer.json"), tokenizer.to_str())
        encoders[name] = with_tokenizers(tokenizer)
    small.model.save(fixture("json-bpe"))
    os.makedirs(fixture("prefix"))
    for file in ("vocab.json", "merges.txt"):
        shutil.move(fixture("json-bpe", file), fixture("prefix", file))
    write(fixture("prefix", "tokenizer_config.json"), json.dumps({"add_prefix_space": True}) + "\n")
    encoders["prefix"] = with_tokenizers(byte_level(model["vocab"], merges, prefix=True))

    lines = [line for text in texts for line in text.split("<br />") if line.strip()]
    for name, options in {
        "unigram": dict(model_type="unigram"),
        "bpe": dict(model_type="bpe", byte_fallback=True, vocab_size=1200, normalization_rule_name="identity",
                    user_defined_symbols=["[MASK]", "<br />"]),
    }.items():
        os.makedirs(fixture(name))
        prefix = fixture(name, "spiece")
        sentencepiece.SentencePieceTrainer.train(**{**dict(
            sentence_iterator=iter(lines), model_prefix=prefix, vocab_size=1000, character_coverage=0.9995,
            num_threads=1, minloglevel=2), **options})
        os.remove(prefix + ".vocab")
        encoders[name] = with_sentencepiece(prefix + ".model")

    encoders |= roberta_fixtures(texts, fixture) | cased_fixture(texts, fixture)
    for name in sorted(encoders):
        expected = [dict(zip(("ids", "tokens", "offsets"), encoders[name](case))) for case in cases]
        lines = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in expected)
        write(fixture(name, "expected.json"), f"[\n{lines}\n]\n")

    for name in ("imdb-bert-1", "imdb-gpt2-narrow"):
        folder = os.path.join(checkpoints, name)
        if os.path.exists(f"{folder}/vocab.txt"):
            encoders[name] = with_tokenizers(wordpiece(read_lines(f"{folder}/vocab.txt")))
        else:
            encoders[name] = with_tokenizers(byte_level(*models.BPE.read_file(f"{folder}/vocab.json", f"{folder}/merges.txt")))
    digests = {name: [digest(ids, offsets) for ids, _, offsets in (encode(text.encode()) for text in texts)]
               for name, encode in encoders.items()}
    write(fixture("reviews.json"), json.dumps(digests, indent=0, sort_keys=True) + "\n")
    embedded()

    if makes_long:
        letters, long = long_text(), {}
        for name in ("bert-base-uncased", "gpt2", "unigram", "bpe"):
            ids = encoders[name](letters)[0]
            # Scores are summed in Float32, which versions of the library round differently after some 45,000 letters.
            compared = 40_000 if name == "unigram" else len(ids)
            long[name] = {"compared": compared, "digest": id_digest(ids[:compared])}
        write(fixture("long.json"), json.dumps(long, indent=0, sort_keys=True) + "\n")
    write(fixture("README.md"), f"""# Fixtures

Written by evaluation/tokenizer_fixtures.py with tokenizers {tokenizers.__version__} and sentencepiece \
{sentencepiece.__version__}; do not edit.

* `bert-base-uncased/vocab.txt`: Google, Apache-2.0. `gpt2/`: OpenAI, MIT.
* The other folders hold vocabularies made for these tests: every character of the torture list (`characters-*`,
  `json-wordpiece`, `json-raw`), and ones trained on the reviews here (`roberta*`: as RoBERTa's, from vocab.json with
  merges.txt and from tokenizer.json; `wordpiece-cased`: as a cased DistilBERT's).
* `roberta-masks.json`: ids and offsets of texts with `<mask>`, which takes the spaces before it.
* `torture.json`: texts as hexadecimal bytes, some of them no UTF-8; `*/expected.json`: their ids, tokens and byte
  offsets, in the same order.
* `reviews.txt`: 40 reviews of the Large Movie Review Dataset (Maas et al., ACL 2011), one per line; `reviews.json`: for
  each tokenizer and review the first 16 digits of the SHA-256 of `id:start-end` joined by spaces.
* `embedded.json`: the same of the 3,000 reviews in evaluation/imdb, test.jsonl first, with spaces for line feeds; for each hundred
  the first 16 digits of the SHA-256 of their digests joined by spaces.
* `long.json`: 10 MB of letters without a space: how many ids are compared, and the SHA-256 of those
  joined by spaces (its first 16 digits).
""")


if __name__ == "__main__":
    if sys.argv[1:] == ["--embedded"]:
        embedded()
    else:
        main(*sys.argv[1:4], makes_long="--long" in sys.argv[4:])
