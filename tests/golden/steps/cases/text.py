"""Cases of the steps for texts."""

from __future__ import annotations

import numpy as np

from tests.golden.steps.cases.common import Case, Cases

WORDS = {"vocabulary": "vocabulary.txt", "unknown": "two"}

CASES: Cases = {
    "byte_windows": lambda: [
        Case("short text", {"begin": 8, "end": 6}, "  héllo \n"),
        Case("long file", {"begin": 4, "end": 4, "block": 6, "pad": 999}, b"\n\nabcdefghijk  \t"),
        Case("all space", {"begin": 3, "end": 3}, b"    "),
        Case("nothing", {"begin": 2, "end": 0}, b""),
        Case("lone surrogate", {"begin": 4, "end": 4}, "a\ud800"),
        Case("a number", {"begin": 4, "end": 4}, 7),
    ],
    "word_ids": lambda: [
        Case("words", WORDS, "One isn't TWO, ünder_score x3 İ"),
        Case("with a start", {**WORDS, "start": "one"}, "two two"),
        Case("no words", WORDS, "€ - !"),
        Case("other characters", {**WORDS, "keep": "-^]"}, "one-two ^one] two"),
        Case("an unknown entry", {"vocabulary": "vocabulary.txt"}, "one"),
        Case("unknown words left out", {"vocabulary": "words.txt", "unknown": ""}, "a good zebra"),
        Case("numbers in the file", {"vocabulary": "words.txt", "start": "<START>"}, "a good, bad film: it's not"),
        Case("a broken vocabulary", {"vocabulary": "words-broken.txt"}, "a"),
        Case("lone surrogates", {"vocabulary": "words.txt"}, "a\ud83dgood"),
        Case("a number", WORDS, 7),
    ],
    "pad_tokens": lambda: [
        Case("short", {"length": 5, "pad": 9}, np.array([1, 2], np.int32)),
        Case("long", {"length": 2}, np.array([1, 2, 3], np.int64)),
        Case("none", {"length": 2}, np.zeros(0, np.int32)),
        Case("at the start", {"length": 5, "pad": 9, "side": "start"}, np.array([1, 2], np.int32)),
        Case("cut before the last", {"length": 3, "keep_last": 1}, np.array([2, 7, 8, 9, 3], np.int32)),
        Case("as long as it should be", {"length": 2, "keep_last": 1}, np.array([1, 2], np.uint8)),
        Case("nothing but the last", {"length": 2, "keep_last": 2}, np.array([1, 2, 3], np.int32)),
        Case("numbers", {"length": 2}, np.zeros(3, np.float32)),
    ],
    "tokenize": lambda: [
        Case("word pieces", {"file": "wordpiece.json"}, "The naïve runner ran over Straßen, unbelievably 42 times!"),
        Case("byte pairs", {"file": "bpe.json"}, "I don't know  what you're talking about 😀\n"),
        Case("special tokens in the text", {"file": "wordpiece.json"}, "a [SEP] b"),
        Case("lone surrogates", {"file": "bpe.json"}, "\ud83da\ude00"),
        Case("nothing", {"file": "wordpiece.json"}, ""),
        Case("no tokens", {"file": "bpe.json"}, ""),
        Case("not a tokenizer", {"file": "words.txt"}, "a"),
        Case("no text", {"file": "bpe.json"}, 7),
    ],
    "token_mask": lambda: [
        Case("padded", {}, np.array([[2, 7, 0, 0]], np.int32)),
        Case("another pad", {"pad": 7}, np.array([[2, 7, 0, 0]], np.int64)),
        Case("not padded yet", {}, np.array([2, 7], np.int32)),
        Case("floats", {}, np.zeros((1, 2), np.float32)),
    ],
    "encode_bytes": lambda: [
        Case("short", {"length": 8}, "héllo"),
        Case("cut within a character", {"length": 6}, "naïve€"),
        Case("padded with 255", {"length": 9, "pad": 255}, "a😀"),
        Case("lone surrogates", {"length": 16}, "\ud800a\udc00\udc00b\ud83d"),
        Case("nothing", {"length": 3}, ""),
        Case("no text", {"length": 3}, 7),
    ],
}
