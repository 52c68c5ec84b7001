"""From raw measurements to medians and ratios; pure functions on what `converters.py` writes as JSON.

A ratio is taken within one round or one turn, where both ran right after one another, and the median of these is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

OURS = "edgewise"
LATENCY = ("latency", "latency_cpu")
RATIOS = ("wall", "cpu", "peak", "bytes", *LATENCY)
RIGHT = 0.999  # cosine with onnxruntime's output; below, a file computes something else

Row = dict[str, Any]


def converter_row(costs: Sequence[Mapping[str, Any]], size: int, run: Mapping[str, Any]) -> Row:
    """Return what one converter did with one model: figures of every round, their medians, latency, or a reason."""
    row: Row = {"status": costs[-1]["status"], "rounds": list(costs)}
    if row["status"] != "done":
        return row
    row |= {key: median(cost[key] for cost in costs) for key in ("wall_s", "cpu_s", "peak_mb")} | {"bytes": size}
    if "error" in run:
        return row | {"error": run["error"]}
    row |= {"cosine": round(run["cosine"], 7), "latency_ms": round(median(run["wall_ms"]), 3)}
    return row | {"latency_cpu_ms": round(median(run["cpu_ms"]), 3), "turns": len(run["wall_ms"])}


def ratios(rows: Mapping[str, Row], runs: Mapping[str, Mapping[str, Any]], peer: str) -> dict[str, float]:
    """Return peer divided by ours for every figure that both have: above 1, ours is the faster or smaller."""
    ours, theirs = rows[OURS], rows[peer]
    if {ours["status"], theirs["status"]} != {"done"}:
        return {}
    found = {
        short: _paired([r[key] for r in ours["rounds"]], [r[key] for r in theirs["rounds"]])
        for short, key in (("wall", "wall_s"), ("cpu", "cpu_s"), ("peak", "peak_mb"))
    }
    found["bytes"] = theirs["bytes"] / ours["bytes"]
    if "latency_ms" in ours and "latency_ms" in theirs:
        found["latency"] = _paired(runs[OURS]["wall_ms"], runs[peer]["wall_ms"])
        found["latency_cpu"] = _paired(runs[OURS]["cpu_ms"], runs[peer]["cpu_ms"])
    return {key: round(value, 3) for key, value in found.items()}


def _paired(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Pair as many rounds as both have: a converter that is slow with a model runs only once."""
    return median(b / a for a, b in zip(ours, theirs, strict=False))


def summary(models: Mapping[str, Row]) -> dict[str, Row]:
    """Return for each peer the median ratio over the models, and over how many models it is one."""
    peers = sorted({peer for model in models.values() for peer in model["ratios"]})
    return {peer: _summarise([_counted(model, peer) for model in models.values()]) for peer in peers}


def _counted(model: Row, peer: str) -> dict[str, float]:
    """Return the ratios of one model; the latency of a file that computes something else says nothing."""
    rows, found = model["converters"], model["ratios"].get(peer, {})
    right = all(rows.get(name, {}).get("cosine", 0) >= RIGHT for name in (OURS, peer))
    return {key: value for key, value in found.items() if right or key not in LATENCY}


def _summarise(found: Sequence[Mapping[str, float]]) -> Row:
    values = {key: [ratio[key] for ratio in found if key in ratio] for key in RATIOS}
    return {key: {"median": round(median(v), 3), "models": len(v)} for key, v in values.items() if v}
