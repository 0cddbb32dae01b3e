"""seeds.py: writes seeds/, the small tokenizer files that graft-fuzz damages and the tests have only large ones of.

Needs the `tokenizers` and `sentencepiece` packages (pinned in ../requirements-tokenizers.txt).
"""
import os

import sentencepiece
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")
TEXTS = ["a good film and a bad film", "films are good or bad", "the film is [MASK] good", "caf\u00e9s & films"] * 8
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def wordpiece():
    words = SPECIAL + ["film", "##s", "good", "bad", "cafe", "caf\u00e9", "a", "##b", "!", "\u4e2d"]
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.save("wordpiece.json", pretty=False)


def sentence_pieces():
    rules = "rules.tsv"
    with open(rules, "w") as file:  # From code points to code points: a small character map that is used all the same.
        file.write("C9\t65\nE9\t65\n41\t61\n65 301\t65\nFF21\t61\n")
    for name, options in {
        "unigram": dict(model_type="unigram", vocab_size=30, normalization_rule_tsv=rules),
        "bpe": dict(model_type="bpe", vocab_size=300, byte_fallback=True, normalization_rule_name="identity",
                    user_defined_symbols=["[MASK]", "<br />"]),
    }.items():
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS), model_prefix=name, num_threads=1, minloglevel=2, **options)
        os.remove(name + ".vocab")
    os.remove(rules)


os.makedirs(OUT, exist_ok=True)
os.chdir(OUT)  # The library writes the names it is given into the models.
wordpiece()
sentence_pieces()
