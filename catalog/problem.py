"""What a check reports: where, what was expected, what came, and the cure."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a card or with a file it names."""

    file: str  # as the caller named it
    line: int  # from 1; 0 where no line makes sense
    where: str  # path into the card such as `inputs[0].axes[2].size`, or `card`
    expected: str
    got: str
    cure: str
    code: str  # short kebab-case name such as `license-unknown`
    replacement: str | None = None  # what `fix` writes at `where`, where the cure is sure

    def __str__(self) -> str:
        """Format as a compiler does: place first, then what was expected, what came, and the cure."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        facts = f"  expected {self.expected}\n  got      {self.got}\n  cure     {self.cure}"
        return f"{place}: {self.where}: {self.code}\n{facts}"

    def to_json(self) -> dict[str, str | int | None]:
        """Return the fields as JSON values, for programs."""
        return asdict(self)
