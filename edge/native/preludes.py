"""What every generated file begins with: a failure, and functions that a language lacks."""

from __future__ import annotations

KOTLIN_PRELUDE = """
/** A value that a step does not take. */
class StepFailure(step: String, expected: String, got: String) : Exception("$step: expected $expected, got $got")

/** The indices of the values, the largest first; of equal ones the first comes first. */
fun descending(values: DoubleArray): IntArray =
    values.indices.sortedWith(compareByDescending { values[it] }).toIntArray()

/** A text as UTF-8; a surrogate without its other half becomes U+FFFD. */
fun utf8(text: String): ByteArray {
    val encoder = Charsets.UTF_8.newEncoder().onMalformedInput(java.nio.charset.CodingErrorAction.REPLACE)
    val bytes = encoder.replaceWith("\\uFFFD".toByteArray()).encode(java.nio.CharBuffer.wrap(text))
    return ByteArray(bytes.remaining()).also { bytes.get(it) }
}

/** A text from UTF-8; what is none becomes U+FFFD. */
fun decoded(bytes: ByteArray): String = String(bytes, Charsets.UTF_8)
"""

SWIFT_PRELUDE = """
import Foundation

/** A value that a step does not take. */
public struct StepFailure: Error, CustomStringConvertible {
    public let description: String

    init(step: String, expected: String, got: String) {
        description = "\\(step): expected \\(expected), got \\(got)"
    }
}

/** The indices of the values, the largest first; of equal ones the first comes first. */
func descending(_ values: [Double]) -> [Int] {
    return values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
}

func floorDiv(_ a: Int, _ b: Int) -> Int {
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
}

func floorMod(_ a: Int, _ b: Int) -> Int {
    return a - floorDiv(a, b) * b
}

func utf8(_ text: String) -> [UInt8] {
    return Array(text.utf8)
}

/** A text from UTF-8; what is none becomes U+FFFD. */
func decoded(_ bytes: [UInt8]) -> String {
    return String(decoding: bytes, as: UTF8.self)
}

func textOf(_ points: [Int], _ start: Int, _ end: Int) -> String {
    var text = String.UnicodeScalarView()
    for point in points[start..<end] {
        text.append(Unicode.Scalar(UInt32(point)) ?? "\\u{FFFD}")
    }
    return String(text)
}
"""
