from __future__ import annotations

import pytest
from license_expression import get_spdx_licensing

from catalog import vocab
from catalog.licenses import verdict

COMMERCIAL = [
    ("MIT", "yes"),
    ("GPL-3.0-only", "conditions"),
    ("CC-BY-NC-4.0", "no"),
    ("MIT AND CC-BY-NC-4.0", "no"),
    ("MIT OR CC-BY-NC-4.0", "yes"),
    ("MIT AND (Apache-2.0 OR CC-BY-NC-4.0)", "yes"),
    ("LicenseRef-mine", "unknown"),
    ("MIT AND LicenseRef-mine", "unknown"),
    ("MIT OR LicenseRef-mine", "yes"),
    ("CC-BY-NC-4.0 AND LicenseRef-mine", "no"),
    ("CC-BY-NC-4.0 OR LicenseRef-mine", "unknown"),
    ("GPL-2.0-only WITH Classpath-exception-2.0", "conditions"),
    ("EUPL-1.0", "unknown"),
    ("no licence at all", "unknown"),
    ("()", "unknown"),
    ("A,B", "unknown"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("expression", "expected"), COMMERCIAL)
def test_commercial_use_follows_the_expression(expression: str, expected: str) -> None:
    """AND takes the worst of its parts, OR the best, and what nobody described stays unknown."""
    assert verdict(expression).commercial == expected


def test_obligations_add_up() -> None:
    """Two licences together ask what either asks; an unknown one leaves it open."""
    both = verdict("CC0-1.0 AND CC-BY-SA-4.0")
    assert (both.share_alike, both.attribution) == (True, True)
    open_question = verdict("CC0-1.0 AND LicenseRef-mine")
    assert (open_question.share_alike, open_question.attribution) == (None, None)


def test_every_described_licence_is_on_the_spdx_list() -> None:
    """No row of licenses.yaml has a name that a card could not use."""
    assert set(vocab.licenses()) <= set(get_spdx_licensing().known_symbols)
