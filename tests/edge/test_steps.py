from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from catalog import vocab
from edge.steps import Context, StepError, StepWarning, run_steps

WHITE, RED = (255, 255, 255), (255, 0, 0)


def run(step: str, value: object, /, labels: list[str] | None = None, **kwargs: object):
    return run_steps([SimpleNamespace(id=step, kwargs=kwargs)], value, Context(labels=labels))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(mode: str = "RGB") -> Image.Image:
    y, x = np.mgrid[0:13, 0:17]
    return Image.fromarray(np.dstack([x * 15, y * 19, x + y]).astype(np.uint8)).convert(mode)


MODES = {"PNG": "1 L P RGB", "JPEG": "L RGB CMYK", "WEBP": "L RGB", "GIF": "1 L P", "BMP": "1 L P RGB"}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes.split()])
def test_each_format_and_mode_decodes_to_what_pillow_shows(kind, mode):
    """A photo in any accepted format gives Pillow's own RGB pixels."""
    data = encoded(photo(mode), kind)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(run("decode_image", data), expected)


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_taken_sideways_comes_out_upright(kind, orientation):
    """The EXIF tag turns the image as Pillow's ImageOps does; values that mean nothing leave it alone."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(photo(), kind, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    np.testing.assert_array_equal(run("decode_image", data), np.asarray(expected))


@pytest.mark.parametrize(
    ("pixel", "seen"),
    [((255, 0, 0, 0), WHITE), ((255, 0, 0, 255), RED), ((255, 0, 0, 128), (255, 127, 127)), ((0, 0, 0, 1), (254,) * 3)],
)
def test_transparency_shows_white_behind(pixel, seen):
    """A clear pixel is white, whatever colour hides under it; half of red over white is pink."""
    assert tuple(run("decode_image", encoded(Image.new("RGBA", (1, 1), pixel)))[0, 0]) == seen


def test_sixteen_bit_grey_keeps_its_high_byte():
    """A medical or depth PNG of 16 bits is neither black nor clipped to white."""
    deep = Image.fromarray(np.array([[0, 255, 256, 0x7FFF, 0xFFFF]], np.uint16))
    assert run("decode_image", encoded(deep))[0, :, 0].tolist() == [0, 0, 1, 127, 255]


@pytest.mark.parametrize("size", [(4001, 4000), (13_000, 10_000), (23_000, 10_000)])
def test_an_image_too_large_to_decode_is_refused_by_its_header(size):
    """A small file that would fill the memory is refused, and the message names the limit."""
    with pytest.raises(StepError, match="at most 16 megapixels"):
        run("decode_image", encoded(Image.new("1", size)))


@pytest.mark.parametrize("kind", MODES)
def test_a_file_cut_anywhere_is_refused_or_shown_but_never_crashes(kind):
    """Half a download gives a StepError that says so; only what lies after the last pixel may be missing."""
    data = encoded(photo(), kind)
    for length in range(0, len(data), 7):
        try:
            assert run("decode_image", data[:length]).shape == (13, 17, 3)
        except StepError as error:
            assert "undamaged" in error.cure  # noqa: PT017 - both outcomes are right
    with pytest.raises(StepError, match="cannot read"):
        run("decode_image", data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"<svg/>", encoded(photo(), "TIFF"), encoded(photo(), "ICO")])
def test_other_formats_are_refused(data):
    """What is not on the list is not even tried."""
    with pytest.raises(StepError, match="a PNG, JPEG, WebP, GIF or BMP image"):
        run("decode_image", data)


def test_odd_metadata_gives_no_warning():
    """A photo with broken EXIF decodes in silence."""
    broken = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06"
    assert run("decode_image", encoded(photo(), "JPEG", exif=broken)).shape == (13, 17, 3)


def test_grey_is_pillows():
    """The luma of each colour on a coarse grid equals convert("L")."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    rgb = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(18, -1, 3)
    expected = np.asarray(Image.fromarray(rgb).convert("L"))
    np.testing.assert_array_equal(run("to_color_space", rgb, space="gray")[..., 0], expected)


def test_bgr_swaps_the_outer_channels():
    """What was red comes last."""
    assert run("to_color_space", np.array([[[1, 2, 3]]], np.uint8), space="bgr").tolist() == [[[3, 2, 1]]]


def test_content_is_cut_out_and_centred_in_a_square():
    """A digit drawn in a corner ends up in the middle, the odd column at the end."""
    image = np.zeros((6, 8, 1), np.uint8)
    image[1:4, 5] = [[100], [64], [90]]
    square = run("crop_to_content", image)
    assert square[..., 0].tolist() == [[0, 100, 0], [0, 64, 0], [0, 90, 0]]
    two_wide = run("crop_to_content", np.array([[[99]], [[99]]], np.uint8))
    assert two_wide[..., 0].tolist() == [[99, 0], [99, 0]]


def test_an_image_without_content_is_centred_whole():
    """An empty drawing is not an error."""
    assert run("crop_to_content", np.full((1, 3, 1), 9, np.uint8))[..., 0].tolist() == [[0] * 3, [9] * 3, [0] * 3]


@pytest.mark.parametrize(("size", "box", "expected"), [
    ((400, 200), (100, 100), (100, 50)),
    ((200, 401), (100, 100), (50, 100)),
    ((30, 20), (100, 100), (30, 20)),
    ((1000, 1), (10, 10), (10, 1)),
    ((3, 2), (1, 1), (1, 1)),
])  # fmt: skip
def test_fitting_keeps_the_aspect_and_never_enlarges(size, box, expected):
    """Width and height of the result, for widths and heights of the image and the box."""
    image = np.zeros((size[1], size[0], 1), np.uint8)
    assert run("fit_within", image, width=box[0], height=box[1]).shape == (expected[1], expected[0], 1)


def test_scaling_rounds_each_operation_to_float32():
    """0.1 * 3 + 0.2 in float32, by hand with numpy scalars."""
    result = run("scale_linear", np.array([3], np.uint8), gain=0.1, offset=0.2)
    assert result.dtype == np.float32
    assert result[0] == np.float32(np.float32(3) * np.float32(0.1)) + np.float32(0.2)


def test_normalizing_works_along_the_last_axis():
    """Each channel has its own mean and deviation."""
    result = run("normalize", np.array([[[10, 10]]], np.uint8), mean=[0, 20], std=[2, 5])
    assert result.tolist() == [[[5, -2]]]


@pytest.mark.parametrize(("layout", "shape"), [("nchw", (1, 3, 2, 5)), ("nhwc", (1, 2, 5, 3))])
def test_layouts_move_the_channels(layout, shape):
    """The pixel at row 1, column 4 keeps its colours."""
    image = np.arange(30, dtype=np.uint8).reshape(2, 5, 3)
    tensor = run("to_layout", image, layout=layout)
    assert tensor.shape == shape
    assert (tensor[0, :, 1, 4] if layout == "nchw" else tensor[0, 1, 4]).tolist() == [27, 28, 29]


@pytest.mark.parametrize(("value", "dtype", "expected"), [
    ([0.5, 1.5, 2.5, -0.5, -1.5], "int32", [0, 2, 2, 0, -2]),
    ([-1, 255.5, 300], "uint8", [0, 255, 255]),
    ([1e30, -np.inf], "int64", [2**63 - 1, -(2**63)]),
    ([65519, 65520], "float16", [65504, np.inf]),
])  # fmt: skip
def test_casting_rounds_half_to_even_and_saturates(value, dtype, expected):
    """Hand-computed values at the edges of the types."""
    result = run("cast", np.array(value, np.float64), dtype=dtype)
    assert result.dtype == dtype
    assert result.tolist() == expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40), st.integers(1, 50), st.integers(0, 255))
def test_text_becomes_its_utf8_bytes(text, length, pad):
    """For any text without lone surrogates the result is Python's own encoding, cut and padded."""
    expected = text.encode()[:length].ljust(length, bytes([pad]))
    assert run("encode_bytes", text, length=length, pad=pad).tobytes() == expected


COLUMNS = [{"name": "a", "unit": "cm", "min": 0, "max": 1}, {"name": "b", "unit": "kg", "min": -5, "max": 5}]


def test_named_values_are_put_in_order():
    """The order of the columns counts, not that of the mapping."""
    np.testing.assert_array_equal(run("columns", {"b": 2, "a": 0.5}, columns=COLUMNS), np.float32([[0.5, 2]]))


@pytest.mark.parametrize("row", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": "1", "b": 2}, {"a": np.inf, "b": 2},
                                 {"a": np.nan, "b": 2}, {"a": 1e39, "b": 2}, {"a": True, "b": 2}, [1, 2]])  # fmt: skip
def test_a_row_that_is_not_the_columns_numbers_is_refused(row):
    """Nothing is guessed for a missing, unknown, non-numeric or infinite value."""
    with pytest.raises(StepError, match="columns: expected"):
        run("columns", row, columns=COLUMNS)


def test_a_value_outside_its_range_is_taken_with_a_warning():
    """The result stands, and the user hears that the model was not made for it."""
    with pytest.warns(StepWarning, match="b is 6; the model was made for -5 to 5"):
        assert run("columns", {"a": 1, "b": 6}, columns=COLUMNS)[0, 1] == 6


def test_softmax_of_far_scores_is_finite():
    """Scores of a thousand do not overflow; a third each for equal ones."""
    assert run("softmax", np.array([[1000, 1000, -1000]], np.float32)).tolist() == [[0.5, 0.5, 0]]
    assert run("softmax", np.zeros((1, 3), np.float32))[0] == pytest.approx([1 / 3] * 3)


def test_equal_scores_keep_label_order():
    """The first of two equal labels wins, every time."""
    best = run("top_k", np.array([[0.2, 0.4, 0.4]], np.float32), labels=["x", "y", "z"], k=2)
    assert [row["label"] for row in best] == ["y", "z"]
    assert best[0]["score"] == pytest.approx(0.4)


def test_an_image_comes_back_from_a_tensor():
    """Halves round up, values outside 0..1 are limited."""
    tensor = np.array([-1, 0, 0.5, 1, 7], np.float32).reshape(1, 1, 1, 5)
    assert run("to_image", tensor, layout="nchw")[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_clip_keeps_the_type():
    """Limits of a float tensor are floats, of an integer tensor the whole numbers inside."""
    assert run("clip", np.array([-1, 0.5, 9], np.float32), min=0, max=1.5).tolist() == [0, 0.5, 1.5]
    clipped = run("clip", np.array([0, 7, 255], np.uint8), min=0.5, max=999)
    assert (clipped.tolist(), clipped.dtype) == ([1, 7, 255], np.uint8)


@pytest.mark.parametrize(("step", "kwargs", "message"), [
    ("resise", {}, "did you mean resize"),
    ("resize", {"width": 3}, "no height"),
    ("resize", {"width": 3, "height": 3, "mode": 1}, "unknown mode"),
    ("resize", {"width": 3, "height": 3, "filter": "cubic"}, "one of nearest, box"),
    ("top_k", {"labels": ["a"]}, "unknown labels"),
])  # fmt: skip
def test_a_step_written_wrongly_says_what_is_expected(step, kwargs, message):
    """The message names the right word."""
    steps = [SimpleNamespace(id=step, kwargs=kwargs)]
    with pytest.raises(StepError, match=message):
        run_steps(steps, np.zeros((2, 2, 1), np.uint8))


EXAMPLES = {
    "string": "rgb",
    "strings": ["a"],
    "integer": 2,
    "integers": [2],
    "number": 1.0,
    "numbers": [1.0],
    "boolean": True,
    "file": "vocabulary.txt",
    "columns": [{"name": "a", "min": 0, "max": 1}],
}
TAKE_ANYTHING = {"constant"}


@pytest.mark.parametrize("step", sorted(set(vocab.steps()) - TAKE_ANYTHING))
@pytest.mark.parametrize("value", [None, {1, 2}, np.array(["a"])], ids=["none", "set", "strings"])
def test_a_value_of_the_wrong_kind_is_refused(step, value):
    """A step in the wrong place says so instead of failing inside numpy."""
    params = vocab.steps()[step].params
    required = {n: p.choices[0] if p.choices else EXAMPLES[p.type] for n, p in params.items() if p.required}
    with pytest.raises(StepError, match=f"{step}: expected"):
        run(step, value, ["a"], **required)
