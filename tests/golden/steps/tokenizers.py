"""Trains the small tokenizers of the golden vectors again: `python -m tests.golden.steps.tokenizers`.

The trainer of word pieces breaks ties by chance: with new files come new golden vectors.
"""

from __future__ import annotations

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from tests.steps.codec import FILES

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and the dog barks at the fox.",
    "Große Straßen führen nach Köln; naïve cafés sind übergroß.",
    "Привет, мир! Как дела?",
    "def main():\n    return 42  # a comment",
    "unbelievable runners run, ran, and are still running",
    "東京は日本の首都です。",
    "I don't know what you're talking about 😀 😀",
    "1234 5678 90",
] * 3


def word_pieces() -> Tokenizer:
    """Return a tokenizer as BERT's: small letters without accents, pieces of words between two special tokens."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 - a token of a text
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=280, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    around = [(name, special.index(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=around)
    return tokenizer


def byte_pairs() -> Tokenizer:
    """Return a tokenizer as GPT-2's: pairs of bytes, whatever the text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=380, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def main() -> None:
    """Write both, with a length that they cut to and fill up to, which the step leaves to another."""
    for name, tokenizer in {"wordpiece": word_pieces(), "bpe": byte_pairs()}.items():
        tokenizer.enable_truncation(8)
        tokenizer.enable_padding(length=8)
        tokenizer.save(str(FILES / f"{name}.json"), pretty=False)


if __name__ == "__main__":
    main()
