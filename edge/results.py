"""What each `result` of a task holds: the types from which the JSON Schemas in the static API are made.

Places in a picture are fractions of its height and width, from the upper left corner, so that they hold for every size
of it: a box is `[y_min, x_min, y_max, x_max]` in 0..1. Times are seconds from the beginning, scores lie in 0..1 unless
the card says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Fraction = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClassScore(_Part):
    """A class and how sure the model is of it."""

    label: str
    score: float


class Detection(_Part):
    """An object in a picture."""

    box: Annotated[list[Fraction], Field(min_length=4, max_length=4)] = Field(
        description="`[y_min, x_min, y_max, x_max]`, fractions of the picture's height and width."
    )
    label: str
    score: Fraction


class Keypoint(_Part):
    """A named place in a picture; it may lie outside, below 0 or above 1."""

    label: str
    y: float = Field(description="Fraction of the picture's height.")
    x: float = Field(description="Fraction of the picture's width.")
    score: float | None = Field(None, description="How sure the model is that it is there; null where it does not say.")


class Mask(_Part):
    """A class for each pixel of the picture."""

    labels: list[str]
    classes: Any = Field(description="`[H, W] uint8`, the size of the picture: for each pixel an index of `labels`.")
    opacity: Any = Field(None, description="`[H, W] uint8`, where the model says how opaque each pixel is.")


class Segment(_Part):
    """A stretch of sound."""

    start: Annotated[float, Field(ge=0)] = Field(description="Seconds.")
    end: Annotated[float, Field(ge=0)] = Field(description="Seconds.")
    label: str
    score: Fraction = Field(description="Mean over the stretch.")


class Number(_Part):
    """A quantity with its unit."""

    name: str
    value: float
    unit: str | None


RESULTS: dict[str, TypeAdapter[Any]] = {
    "classes": TypeAdapter(Annotated[list[ClassScore], Field(description="Best first.")]),
    "detections": TypeAdapter(Annotated[list[Detection], Field(description="Surest first.")]),
    "keypoints": TypeAdapter(Annotated[list[Keypoint], Field(description="In the order of the card's labels.")]),
    "mask": TypeAdapter(Mask),
    "image": TypeAdapter(Annotated[Any, Field(description="`[H, W, C] uint8`, C is 1 or 3.")]),
    "segments": TypeAdapter(Annotated[list[Segment], Field(description="In order of time, without overlap.")]),
    "embedding": TypeAdapter(Annotated[Any, Field(description="`[D] float32`.")]),
    "numbers": TypeAdapter(list[Number]),
}


def json_schema(result: str) -> dict[str, Any]:
    """Return the JSON Schema of a task's `result`."""
    return RESULTS[result].json_schema()
