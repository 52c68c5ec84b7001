"""The card as types: the only schema, from which the JSON Schema, the field table and the web form are generated.

Field names follow the field's standards: Hugging Face for discovery, bioimage.io 0.5 for tensors, steps and
tolerances, Qualcomm AI Hub for precisions, SPDX for licences.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[.-][a-z0-9]+)*$", max_length=64)]
Semver = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https://[^\s<>\"]+$", max_length=2000)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=160, pattern=r"^[^\n]*$")]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class Precision(StrEnum):
    """What the weights and activations of an artefact are held in."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8_DYNAMIC = "int8_dynamic"
    W8A8 = "w8a8"
    W8A16 = "w8a16"


class Strict(BaseModel):
    """Refuses unknown keys and silent conversions, so that a typing error is a Problem and not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_enum_values=True)


class Person(Strict):
    """Somebody who made or looks after the model."""

    name: Line = Field(description="Full name, or the name of an organisation.")
    url: Url | None = Field(None, description="Home page, ORCID or profile.")
    affiliation: Line | None = Field(None, description="Where they worked when they made it.")


class Licenses(Strict):
    """The three licences that are so often confused."""

    weights: Line = Field(description="SPDX expression for the weights.")
    code: Line = Field(description="SPDX expression for the code that made the model.")
    data: Line = Field(description="SPDX expression for the training data, or `LicenseRef-…` with a note in `limitations`.")


class Provenance(Strict):
    """Where the weights come from."""

    origin: Url | Literal["this repository"] = Field(description="Page that published the model, or `this repository`.")
    script: FileName | None = Field(None, description="Script in this repository that trains the model again.")
    commit: Line | None = Field(None, description="Commit of `origin` the weights were taken from.")
    date: datetime.date = Field(description="When the weights were published or trained, `YYYY-MM-DD`.")
    base_model: Line | None = Field(None, description="Model it was fine-tuned or converted from.")


class Source(Strict):
    """The one set of weights; exactly one of `file` and `url`."""

    format: Literal["onnx", "tflite", "tfjs", "keras", "saved_model", "pytorch"] = Field(description="File format.")
    file: FileName | None = Field(None, description="File in the card's folder.")
    url: Url | None = Field(None, description="Where the file is published.")
    mirrors: list[Url] = Field([], description="Further addresses of the same bytes.")
    bytes: Annotated[int, Field(gt=0, le=2**33)] | None = Field(None, description="Size in bytes; required with `url`.")
    sha256: Sha256 = Field(description="SHA-256 of the file, 64 lower-case hexadecimal digits.")


class SizeRange(Strict):
    """Sizes `min`, `min + step`, … up to `max`."""

    min: Annotated[int, Field(ge=1)]
    step: Annotated[int, Field(ge=1)] = 1
    max: Annotated[int, Field(ge=1)]


class Axis(Strict):
    """One dimension of a tensor."""

    name: Literal["batch", "channel", "y", "x", "time", "index", "class", "token", "box", "point", "state"] = Field(
        description="What the dimension counts."
    )
    size: Annotated[int, Field(ge=1)] | SizeRange = Field(description="Fixed size, or `{min, step, max}`.")


class Step(Strict):
    """One processing step from the closed vocabulary in `catalog/vocab/steps.yaml`."""

    id: Line = Field(description="Name of the step.")
    kwargs: dict[str, Any] = Field({}, description="Its parameters.")


class Tensor(Strict):
    """One input or output of the model file."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=120)] = Field(description="Tensor name in the file.")
    dtype: Literal["float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"]
    axes: Annotated[list[Axis], Field(min_length=1, max_length=6)] = Field(description="Dimensions in file order.")
    steps: list[Step] = Field([], description="Input: from what a person has to this tensor. Output: to the result.")
    labels: list[Line] | FileName | None = Field(None, description="Class names in order, or a text file, one a line.")
    description: Line | None = None


class Sample(Strict):
    """Something to try the model on; its golden vectors come from here."""

    title: Line
    file: FileName | None = Field(None, description="File in the card's folder; or")
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] | None = Field(None, description="text; or")
    row: dict[str, float | str] | None = Field(None, description="named column values.")
    expected: Line | None = Field(None, description="The label that is right, where there is one.")
    license: Line = Field(description="SPDX expression.")
    attribution: Line | None = Field(None, description="Whom to name, and where it was found.")


class Citation(Strict):
    """A work to cite when the model is used."""

    text: Line = Field(description="Authors, title, venue, year.", max_length=600)
    doi: Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    url: Url | None = None


class Dataset(Strict):
    """Data the model was trained or measured on."""

    name: Line
    role: Literal["training", "evaluation", "training and evaluation"]
    url: Url | None = None
    license: Line = Field(description="SPDX expression.")
    note: Annotated[str, StringConstraints(max_length=600)] | None = Field(None, description="Split, size, how it was held out.")


class Evaluation(Strict):
    """A figure that the build measures again; the build fails when it comes out otherwise."""

    metric: Literal["accuracy", "top5_accuracy", "psnr", "mean_average_precision", "iou", "mae", "rmse"]
    value: float = Field(description="Fraction 0..1; PSNR in dB.")
    tolerance: Annotated[float, Field(ge=0)] = Field(0.0, description="How far a new measurement may lie from `value`.")
    dataset: Line = Field(description="Name of an entry of `datasets`, and the split.")
    file: FileName | None = Field(None, description="JSON Lines in the folder: `{input, expected}`, what the build measures on.")
    baseline: dict[Line, float] = Field({}, description="The same metric for a simpler method, for comparison.")


class Tolerance(Strict):
    """How far an artefact of one precision may lie from the golden output (numpy's `allclose` rule)."""

    precision: Precision = Field(strict=False)
    absolute_tolerance: Annotated[float, Field(ge=0)] = Field(description="In units of the output tensor.")
    relative_tolerance: Annotated[float, Field(ge=0)] = 0.0
    mismatched_elements_per_million: Annotated[int, Field(ge=0, lt=1_000_000)] = 0
    top1_agreement: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="Least share of equal winners.")


class Verification(Strict):
    """What counts as the same model."""

    tolerance: Annotated[list[Tolerance], Field(min_length=1)]


class AccuracyBudget(Strict):
    """The largest loss of `metric` that a smaller variant may cost."""

    metric: Line
    largest_drop: Annotated[float, Field(ge=0)]
    minimum_samples: Annotated[int, Field(ge=1)] = 100


class Edge(Strict):
    """What is exported for devices."""

    precisions: list[Annotated[Precision, Field(strict=False)]] = Field(
        [Precision.FP16, Precision.INT8_DYNAMIC], description="Precisions beside fp32."
    )
    calibration: FileName | None = Field(None, description="JSON Lines `{input}`, disjoint from the evaluation samples.")


class Card(Strict):
    """A model card: `catalog/models/<id>/card.yaml`."""

    schema_version: Literal[1]
    id: Slug = Field(description="Same as the folder's name.")
    name: Line
    version: Semver
    summary: Line = Field(description="One sentence, at most 160 characters.")
    status: Literal["draft", "published", "unbuilt", "withdrawn"]
    pipeline_tag: Line = Field(description="Task, from `catalog/vocab/tasks.yaml`.")
    license: Line = Field(description="SPDX expression for the whole, as a user of the files must read it.")
    authors: Annotated[list[Person], Field(min_length=1)]
    maintainers: Annotated[list[Person], Field(min_length=1)]
    provenance: Provenance
    source: Source
    inputs: Annotated[list[Tensor], Field(min_length=1)]
    outputs: Annotated[list[Tensor], Field(min_length=1)]
    licenses: Licenses | None = None
    cite: list[Citation] = []
    datasets: list[Dataset] = []
    samples: list[Sample] = []
    verification: Verification | None = None
    description: Prose | None = Field(None, description="Markdown, no HTML.")
    tags: list[Slug] = []
    language: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field([], description="ISO 639 codes.")
    evaluation: list[Evaluation] = []
    intended_use: Prose | None = None
    limitations: list[Prose] = []
    risks: list[Prose] = []
    accuracy_budget: AccuracyBudget | None = None
    edge: Edge = Edge()
    devices: list[Slug] = []
    config: dict[str, Any] = Field({}, description="Free-form settings for other tools; Edgewise does not read them.")
