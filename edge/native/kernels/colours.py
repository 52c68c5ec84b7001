"""RGB to YCbCr of JPEG and back, in the 6-bit fixed point of Pillow's ConvertYCbCr.c."""

from __future__ import annotations

from edge.native.language import Ints, new_bytes, new_ints
from edge.native.records import Picture


def products(factor: float, center: int) -> Ints:
    """0..255, less the centre, times a factor, in 6-bit fixed point."""
    table = new_ints(256)
    for i in range(256):
        table[i] = int((i - center) * factor * 64.0 + 0.5)
    return table


def to_ycbcr(x: Picture, channels: int) -> Picture:
    """RGB as YCbCr; of one channel, luma alone."""
    y_r = products(0.299, 0)
    y_g = products(0.587, 0)
    y_b = products(0.114, 0)
    cb_r = products(-0.16874, 0)
    cb_g = products(-0.33126, 0)
    half = products(0.5, 0)
    cr_g = products(-0.41869, 0)
    cr_b = products(-0.08131, 0)
    data = new_bytes(x.height * x.width * channels)
    for pixel in range(x.height * x.width):
        red = x.data[3 * pixel]
        green = x.data[3 * pixel + 1]
        blue = x.data[3 * pixel + 2]
        data[channels * pixel] = (y_r[red] + y_g[green] + y_b[blue]) >> 6
        if channels == 3:
            data[3 * pixel + 1] = ((cb_r[red] + cb_g[green] + half[blue]) >> 6) + 128
            data[3 * pixel + 2] = ((half[red] + cr_g[green] + cr_b[blue]) >> 6) + 128
    return Picture(x.height, x.width, channels, data, x.frame)


def to_rgb(luma: Picture, colours: Picture) -> Picture:
    """Y of one picture, Cb and Cr of another in YCbCr, as RGB."""
    r_cr = products(1.402, 128)
    g_cb = products(-0.34414, 128)
    g_cr = products(-0.71414, 128)
    b_cb = products(1.772, 128)
    data = new_bytes(3 * len(luma.data))
    for pixel in range(len(luma.data)):
        y = luma.data[pixel]
        cb = colours.data[3 * pixel + 1]
        cr = colours.data[3 * pixel + 2]
        data[3 * pixel] = limited(y + (r_cr[cr] >> 6))
        data[3 * pixel + 1] = limited(y + ((g_cb[cb] + g_cr[cr]) >> 6))
        data[3 * pixel + 2] = limited(y + (b_cb[cb] >> 6))
    return Picture(luma.height, luma.width, 3, data, luma.frame)


def limited(value: int) -> int:
    """A whole number limited to 0..255."""
    return max(0, min(255, value))
