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
Doi = Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=160, pattern=r"^[^\n]*$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=600, pattern=r"^[^\n]*$")]
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
    data: Line = Field(
        description="SPDX expression for the training data, or `LicenseRef-…` with a note in `limitations`."
    )


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
    precision: Annotated[Precision, Field(strict=False)] = Field(
        Precision.FP32, description="What the graph holds weights and activations in, once it is imported."
    )
    file: FileName | None = Field(None, description="File in the card's folder.")
    url: Url | None = Field(None, description="Where the file is published.")
    mirrors: list[Url] = Field([], description="Further addresses of the same bytes.")
    bytes: Annotated[int, Field(gt=0, le=2**33)] | None = Field(None, description="Size in bytes; required with `url`.")
    sha256: Sha256 = Field(description="SHA-256 of the file, 64 lower-case hexadecimal digits.")


class PublishedFile(Strict):
    """A file that somebody else publishes; builds fetch it and check its digest."""

    url: Url = Field(description="Where the file is published.")
    mirrors: list[Url] = Field([], description="Further addresses of the same bytes.")
    bytes: Annotated[int, Field(gt=0, le=2**33)] = Field(description="Size in bytes.")
    sha256: Sha256 = Field(description="SHA-256 of the file, 64 lower-case hexadecimal digits.")
    member: FileName | None = Field(
        None, description="File inside the ZIP archive at `url`, such as the labels inside a TFLite file."
    )


class SizeRange(Strict):
    """Sizes `min`, `min + step`, … up to `max`."""

    min: Annotated[int, Field(ge=1)] = Field(description="Smallest size.")
    step: Annotated[int, Field(ge=1)] = Field(1, description="Sizes between are `min` plus multiples of it.")
    max: Annotated[int, Field(ge=1)] = Field(description="Largest size that is promised to work.")


class Axis(Strict):
    """One dimension of a tensor."""

    name: Literal[
        "batch", "channel", "y", "x", "time", "frequency", "index", "class", "token", "box", "point", "state"
    ] = Field(description="What the dimension counts.")
    size: Annotated[int, Field(ge=1)] | SizeRange = Field(description="Fixed size, or `{min, step, max}`.")


class Step(Strict):
    """One processing step from the closed vocabulary in `catalog/vocab/steps/`."""

    id: Line = Field(description="Name of the step.")
    kwargs: dict[str, Any] = Field({}, description="Its parameters.")


class Tensor(Strict):
    """One input or output of the model file."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=120)] = Field(description="Tensor name in the file.")
    dtype: Literal["float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"] = Field(
        description="Type of its elements in the file."
    )
    axes: Annotated[list[Axis], Field(max_length=6)] = Field(description="Dimensions in file order.")
    steps: list[Step] = Field([], description="Input: from what a person has to this tensor. Output: to the result.")
    labels: list[Line] | FileName | None = Field(None, description="Class names in order, or a text file, one a line.")
    description: Line | None = Field(None, description="What it holds.")
    stream: bool = Field(
        False,
        description="Input: its steps give several rows; the model runs on one after the other, outputs are joined.",
    )
    state_of: Line | None = Field(
        None, description="Input: the output whose value it gets from the run before; zeros in the first."
    )


class Sample(Strict):
    """Something to try the model on; its golden vectors come from here."""

    title: Line = Field(description="What is in it, for the list of samples.")
    file: FileName | None = Field(None, description="File in the card's folder; or")
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] | None = Field(
        None, description="text; or"
    )
    row: dict[str, float | str] | None = Field(None, description="named column values.")
    expected: Line | None = Field(None, description="The label that is right, where there is one.")
    license: Line = Field(description="SPDX expression.")
    attribution: Line | None = Field(None, description="Whom to name, and where it was found.")


class Citation(Strict):
    """A work to cite when the model is used."""

    text: Words = Field(description="Authors, title, venue, year.")
    doi: Doi | None = Field(None, description="Digital object identifier, `10.…/…`.")
    url: Url | None = Field(None, description="Where to read it.")


class Dataset(Strict):
    """Data the model was trained or measured on."""

    name: Line = Field(description="Name, with its version.")
    role: Literal["training", "evaluation", "training and evaluation"] = Field(description="What it was used for.")
    url: Url | None = Field(None, description="Where it is published.")
    license: Line = Field(description="SPDX expression.")
    note: Annotated[str, StringConstraints(max_length=600)] | None = Field(
        None, description="Split, size, how it was held out."
    )


class Evaluation(Strict):
    """A figure that the build measures again; the build fails when it comes out otherwise."""

    metric: Literal[
        "accuracy",
        "top5_accuracy",
        "psnr",
        "mean_average_precision",
        "iou",
        "mae",
        "rmse",
        "r2",
        "keypoint_error",
        "recall_at_1",
        "frame_accuracy",
    ] = Field(description="What is measured.")
    value: float = Field(description="Fraction 0..1; PSNR in dB.")
    tolerance: Annotated[float, Field(ge=0)] = Field(0.0, description="How far a new measurement may lie from `value`.")
    dataset: Line = Field(description="Name of an entry of `datasets`, and the split.")
    file: FileName | None = Field(
        None, description="JSON Lines in the folder: `{input, expected}`, what the build measures on."
    )
    baseline: dict[Line, float] = Field({}, description="The same metric for a simpler method, for comparison.")


class Tolerance(Strict):
    """How far an artefact of one precision may lie from the golden output (numpy's `allclose` rule)."""

    precision: Precision = Field(strict=False, description="Precision the row is about.")
    absolute_tolerance: Annotated[float, Field(ge=0)] = Field(description="In units of the output tensor.")
    relative_tolerance: Annotated[float, Field(ge=0)] = Field(0.0, description="As a fraction of the golden value.")
    mismatched_elements_per_million: Annotated[int, Field(ge=0, lt=1_000_000)] = Field(
        0, description="Elements in a million that may lie further away."
    )
    top1_agreement: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Least share of equal winners."
    )


class Verification(Strict):
    """What counts as the same model."""

    tolerance: Annotated[list[Tolerance], Field(min_length=1)] = Field(description="One row a precision.")


class AccuracyBudget(Strict):
    """The largest loss of `metric` that a smaller variant may cost."""

    metric: Line = Field(description="A metric of `evaluation`.")
    largest_drop: Annotated[float, Field(ge=0)] = Field(description="In units of the metric.")
    minimum_samples: Annotated[int, Field(ge=1)] = Field(100, description="Fewer samples decide nothing.")


class Edge(Strict):
    """What is exported for devices."""

    precisions: list[Annotated[Precision, Field(strict=False)]] = Field(
        [Precision.FP16, Precision.INT8_DYNAMIC], description="Precisions beside fp32."
    )
    calibration: FileName | None = Field(
        None, description="JSON Lines `{input}`, disjoint from the evaluation samples."
    )


class Card(Strict):
    """A model card: `catalog/models/<id>/card.yaml`."""

    schema_version: Literal[1] = Field(description="Version of this schema.")
    id: Slug = Field(description="Same as the folder's name.")
    name: Line = Field(description="Name for people.")
    version: Semver = Field(description="Semantic version of the weights and the card.")
    summary: Line = Field(description="One sentence, at most 160 characters.")
    status: Literal["draft", "published", "unbuilt", "withdrawn"] = Field(
        description="Only a `published` card must be complete."
    )
    pipeline_tag: Line = Field(description="Task, from `catalog/vocab/tasks.yaml`.")
    license: Line = Field(description="SPDX expression for the whole, as a user of the files must read it.")
    authors: Annotated[list[Person], Field(min_length=1)] = Field(description="Who made the model.")
    maintainers: Annotated[list[Person], Field(min_length=1)] = Field(description="Who answers for this card.")
    provenance: Provenance = Field(description="Origin of the weights.")
    source: Source = Field(description="The one set of weights.")
    inputs: Annotated[list[Tensor], Field(min_length=1)] = Field(description="Inputs of the model file.")
    outputs: Annotated[list[Tensor], Field(min_length=1)] = Field(description="Outputs of the model file.")
    files: dict[FileName, PublishedFile] = Field(
        {},
        description="Published files that other fields name as if they lay in the folder, such as labels and samples.",
    )
    result: list[Step] = Field([], description="From all outputs, after their own steps, to the task's result.")
    licenses: Licenses | None = Field(None, description="Weights, code and data apart.")
    cite: list[Citation] = Field([], description="What to cite when the model is used.")
    datasets: list[Dataset] = Field([], description="Data it was trained and measured on.")
    samples: list[Sample] = Field([], description="What a visitor can try the model on.")
    verification: Verification | None = Field(None, description="What counts as the same model.")
    description: Prose | None = Field(None, description="Markdown, no HTML.")
    tags: list[Slug] = Field([], description="Words to find it by.")
    language: list[LanguageCode] = Field([], description="ISO 639 codes.")
    evaluation: list[Evaluation] = Field([], description="Figures that the build measures again.")
    intended_use: Prose | None = Field(None, description="What it is good for, in Markdown.")
    limitations: list[Prose] = Field([], description="Where it fails, in Markdown.")
    risks: list[Prose] = Field([], description="What may go wrong for people, in Markdown.")
    accuracy_budget: AccuracyBudget | None = Field(None, description="What a smaller variant may cost.")
    edge: Edge = Field(Edge(), description="Exports beside fp32.")
    devices: list[Slug] = Field([], description="Devices it was tried on.")
    config: dict[str, Any] = Field({}, description="Free-form settings for other tools; Edgewise does not read them.")
