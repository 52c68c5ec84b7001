"""Cases of the steps for texts."""

from __future__ import annotations

from tests.golden.steps.cases.common import Case, Cases

CASES: Cases = {
    "encode_bytes": lambda: [
        Case("short", {"length": 8}, "héllo"),
        Case("cut within a character", {"length": 6}, "naïve€"),
        Case("padded with 255", {"length": 9, "pad": 255}, "a😀"),
        Case("lone surrogates", {"length": 16}, "\ud800a\udc00\udc00b\ud83d"),
        Case("nothing", {"length": 3}, ""),
        Case("no text", {"length": 3}, 7),
    ],
}
