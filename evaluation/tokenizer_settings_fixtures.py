"""tokenizer_settings_fixtures.py [COUNT [SEED]]: writes Tests/TokenizationTests/Fixtures/settings-variants.json.

Random tokenizer_config.json, special_tokens_map.json, added_tokens.json and tokenizer.json around the small vocabularies of
Fixtures/small, and the ids that transformers 5 gives for the same texts. tokenizer.json stands there without its model, whose
vocabulary is that of the folder.
"""
import json
import os
import random
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
from transformers import AutoTokenizer

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "TokenizationTests", "Fixtures")
SMALL = os.path.join(FIXTURES, "small")
TOKENS = ["[E1]", "<mask>", "<|x|>", "[PAD]", "[MASK]", "[SEP]", "<s>", "film", "hello", "ll", "Café", "É", "[cls]"]
ROLES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]
TEXTS = [
    "hello world", " hello  world ", "a film [E1] bad", "hello<mask>world", "hello <mask> world",
    "  <|x|>  film<|x|>", "Café É très", "映画 film 良い", "emoji 🎉 x", "[CLS] film [SEP]",
    "<|endoftext|>hello<|endoftext|>", "[MASK] [PAD] [UNK]", "HELLO Film", "<s>a</s>", "hello.bad, film!",
    "[cls] [Cls]", "\u00a0film\u3000hello", "e\u0301 \ufffd", "films hello<mask>  <mask> llama", "",
]
CLASSES = {
    "bert": ["BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerFast", "DistilBertTokenizer"],
    "gpt2": ["GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"],
}


class Variants:
    def __init__(self, seed):
        self.random = random.Random(seed)
        with open(SMALL + "/vocab.txt", encoding="utf-8") as file:
            self.words = {line.rstrip("\n"): number for number, line in enumerate(file)}
        with open(SMALL + "/vocab.json", encoding="utf-8") as file:
            self.pairs = json.load(file)
        with open(SMALL + "/tokenizer-gpt2.json", encoding="utf-8") as file:
            self.file = json.load(file)

    def chance(self, share):
        return self.random.random() < share

    def flags(self):
        return {flag: self.chance(0.5) for flag in FLAGS if self.chance(0.5)}

    def token(self, typed):
        """A string or an object, of tokenizer_config.json (typed) or of special_tokens_map.json."""
        content = self.random.choice(TOKENS)
        if self.chance(0.5):
            return content
        flags = self.flags() if typed else {k: v for k, v in self.flags().items() if k != "special"}
        return {"content": content, **flags, **({"__type": "AddedToken"} if typed else {})}

    def role(self, kind, value, settings, role):
        if kind == "gpt2" or role != "unk_token":
            settings[role] = value

    def listed(self, vocabulary):
        """Tokens with the ids that they get."""
        ids, free = {}, len(vocabulary)
        for content in self.random.sample(TOKENS, self.random.randint(1, 3)):
            ids[content] = vocabulary.get(content, free)
            free += content not in vocabulary
        return ids

    def config(self, kind, vocabulary):
        config = {}
        if self.chance(0.8):
            config["tokenizer_class"] = self.random.choice(CLASSES[kind])
        for key in ["do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "add_bos_token",
                    "add_eos_token", "split_special_tokens"]:
            if self.chance(0.25):
                config[key] = self.chance(0.5)
        for role in ROLES:
            if self.chance(0.2):
                self.role(kind, self.token(True), config, role)
            elif self.chance(0.04) and role not in ("cls_token", "sep_token"):
                self.role(kind, None, config, role)
        if self.chance(0.25):
            config["additional_special_tokens"] = [self.token(True) for _ in range(self.random.randint(0, 2))]
        if self.chance(0.15):
            config["extra_special_tokens"] = self.random.choice([[self.token(True)], [], {"image_token": "<|x|>"}])
        if self.chance(0.1):
            config["boi_token"] = self.random.choice(TOKENS)
        if self.chance(0.3):
            config["added_tokens_decoder"] = {
                str(number): {"content": content, **self.flags()} for content, number in self.listed(vocabulary).items()}
        return config

    def tokenizer_json(self, kind):
        def flagged(content, number, **flags):
            return {"id": number, "content": content, **{flag: flags.get(flag, False) for flag in FLAGS}}

        vocabulary = self.words if kind == "bert" else self.pairs
        names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] if kind == "bert" else ["<|endoftext|>"]
        added = [flagged(name, vocabulary[name], special=True) for name in names] if self.chance(0.8) else []
        if self.chance(0.3):
            content = self.random.choice([token for token in TOKENS if token not in vocabulary])
            added.append(flagged(content, len(vocabulary), **self.flags()))
        file = {**self.file, "added_tokens": added}
        if kind == "bert":
            file["normalizer"] = {
                "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": self.chance(0.8),
                "strip_accents": self.random.choice([None, True, False]), "lowercase": self.chance(0.6)}
            file["pre_tokenizer"] = {"type": "BertPreTokenizer"}
            file["post_processor"] = (
                {"type": "BertProcessing", "sep": ["[SEP]", vocabulary["[SEP]"]], "cls": ["[CLS]", vocabulary["[CLS]"]]}
                if self.chance(0.7) else None)
            file["decoder"] = None
            file["model"] = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                             "max_input_chars_per_word": 100, "vocab": vocabulary}
        else:
            file["pre_tokenizer"] = {**self.file["pre_tokenizer"], "add_prefix_space": self.chance(0.4)}
            if self.chance(0.5):
                file["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False}
        return file

    def make(self):
        kind = self.random.choice(["bert", "gpt2"])
        vocabulary = self.words if kind == "bert" else self.pairs
        files = {"config.json": {"model_type": kind}, "tokenizer_config.json": self.config(kind, vocabulary)}
        if self.chance(0.3):
            files["special_tokens_map.json"] = {}
            for role in ROLES:
                if self.chance(0.25):
                    self.role(kind, self.token(False), files["special_tokens_map.json"], role)
            if self.chance(0.3):
                files["special_tokens_map.json"]["additional_special_tokens"] = self.random.sample(TOKENS, 2)
        if self.chance(0.2):
            files["added_tokens.json"] = self.listed(vocabulary)
        if self.chance(0.45):
            files["tokenizer.json"] = self.tokenizer_json(kind)
        return kind, files

    def ids(self, kind, files):
        """What transformers gives; None when it refuses the folder."""
        with tempfile.TemporaryDirectory() as folder:
            for name, value in files.items():
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    json.dump(value, file, ensure_ascii=False)
            if "tokenizer.json" not in files:
                for name in ["vocab.txt"] if kind == "bert" else ["vocab.json", "merges.txt"]:
                    os.symlink(os.path.abspath(f"{SMALL}/{name}"), f"{folder}/{name}")
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder)
                return [tokenizer(text)["input_ids"] for text in TEXTS]
            except Exception:
                return None


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    variants = Variants(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    lines = []
    while len(lines) < count:
        kind, files = variants.make()
        ids = variants.ids(kind, files)
        if ids is None:
            continue
        if "tokenizer.json" in files:
            model = files["tokenizer.json"]["model"]
            files["tokenizer.json"]["model"] = {k: v for k, v in model.items() if k not in ("vocab", "merges")}
        lines.append(json.dumps({"files": files, "ids": ids}, ensure_ascii=False, separators=(",", ":")))
    with open(FIXTURES + "/settings-variants.json", "w", encoding="utf-8") as file:
        texts = json.dumps(TEXTS, ensure_ascii=False)
        file.write('{"texts":' + texts + ',\n"variants":[\n' + ",\n".join(lines) + "\n]}\n")


main()
