from __future__ import annotations

import random
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
from tokenizers import Tokenizer

from edge.steps import Context, StepError, run_steps
from edge.steps.text import MOST_BYTES
from tests.steps.codec import FILES, decode, in_node, in_python, job

TOKENIZERS = ("wordpiece.json", "bpe.json")
WORDS = {"vocabulary": "words.txt", "start": "<START>", "keep": "'-^]"}
CUTTERS = [{"id": "tokenize", "kwargs": {"file": name}} for name in TOKENIZERS]
CUTTERS += [{"id": "word_ids", "kwargs": WORDS}]
SPECIAL = [
    "[CLS]",
    "[SEP]",
    "<|end|>",
    "\ud83d",
    "\ude00",
    "😀",
    "👩\u200d💻",
    "the",
    "don't",
    " ",
    "\n",
    "İ",
    "Σ",
    "e\u0301",
    "ﬁ",
]
UNSURE = "\u0085\ufeff"  # the step's description names them


def steady(character: str) -> bool:
    """Whether the character has meant the same since Unicode 3.2."""
    category = unicodedata.category(character)
    return category not in ("Cn", "Co", "Cs") and category == unicodedata.ucd_3_2_0.category(character)


def random_texts(count: int) -> list[str]:
    chance, known = random.Random(8), [c for c in map(chr, range(0x10000)) if steady(c) and c not in UNSURE]
    pick = [lambda: chance.choice(known), lambda: chance.choice(SPECIAL), lambda: chr(chance.randrange(0x20, 0x7F))]
    return ["".join(chance.choice(pick)() for _ in range(chance.randrange(60))) for _ in range(count)]


def test_javascript_cuts_any_text_into_pythons_tokens():
    """1,000 random texts of any script, emoji, special tokens and lone surrogates give the same numbers in both."""
    jobs = [job([step], text) for text in random_texts(1000) for step in CUTTERS]
    for one, outcome in zip(jobs, in_node(jobs)["results"], strict=True):
        assert outcome == in_python(one), one


def test_the_browser_says_where_it_may_part_from_python():
    """A character that the library for browsers treats otherwise is named; a common text gives no warning."""
    texts = ["a\x85b", "\ufeffa", "\U00020000", "naïve 東京 😀"]
    outcomes = in_node([job([CUTTERS[0]], text) for text in texts])["results"]
    said = [" ".join(outcome["warnings"]) for outcome in outcomes]
    assert [words.partition("holds ")[2].partition(",")[0] for words in said] == ["U+0085", "U+FEFF", "U+20000", ""]


@pytest.mark.parametrize("step", CUTTERS, ids=lambda step: "-".join([step["id"], *step["kwargs"].values()][:2]))
def test_a_text_of_ten_megabytes_is_refused_with_the_limit(step):
    """Both languages say how long a text may be and how long this one is, before they begin to cut."""
    one = job([step], "word " * 2_000_000)
    expected = f"{step['id']}: expected a text of at most {MOST_BYTES:,} bytes, got 10,000,000; give a part of it"
    assert in_python(one)["refused"] == in_node([one])["results"][0]["refused"] == expected


def test_bytes_are_read_from_texts_of_any_length():
    """Steps that look at the ends of a text take ten megabytes as they take ten bytes."""
    text = "é" * 5_000_000
    steps = [{"id": "encode_bytes", "kwargs": {"length": 3}}, {"id": "byte_windows", "kwargs": {"begin": 1, "end": 2}}]
    jobs = [job([step], text) for step in steps]
    outcomes = [*map(in_python, jobs), *in_node(jobs)["results"]]
    expected = [[0xC3, 0xA9, 0xC3], [0xC3, 0xC3, 0xA9]]
    assert [decode(outcome["value"]).ravel().tolist() for outcome in outcomes] == 2 * expected


def run(value: object, **steps: dict[str, object]) -> np.ndarray:
    listed = [SimpleNamespace(id=name, kwargs=kwargs) for name, kwargs in steps.items()]
    return run_steps(listed, value, Context(folder=FILES))


@pytest.mark.parametrize("text", ["", "a dog", "The quick brown fox jumps over the lazy dog, and over the dog again"])
def test_cutting_and_filling_up_is_the_librarys(text):
    """Tokens, mask and special tokens at a fixed length are the library's own with truncation and padding."""
    library = Tokenizer.from_file(str(FILES / "wordpiece.json"))
    library.enable_truncation(12)
    library.enable_padding(length=12, pad_id=0)
    wanted = library.encode(text)
    ids = run(text, tokenize={"file": "wordpiece.json"}, pad_tokens={"length": 12, "keep_last": 1})
    assert ids.tolist() == [wanted.ids]
    assert run(ids, token_mask={}).tolist() == [wanted.attention_mask]


def test_a_file_that_the_card_lacks_is_named():
    """A tokenizer that is not there is said by name."""
    with pytest.raises(StepError, match=r"tokenize: expected the card's file nowhere\.json, got none; put it into"):
        run("a", tokenize={"file": "nowhere.json"})
