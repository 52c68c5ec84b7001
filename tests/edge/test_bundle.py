from __future__ import annotations

import hashlib
import json
import zipfile

from scripts.build import Report


def read(report: Report):
    for model in (model for model in report.models if not model["unbuilt"]):
        (bundle,) = model["bundles"]
        with zipfile.ZipFile(report.site / bundle["file"]) as archive:
            yield model, {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_what_an_app_needs(report):
    """Model files, labels, steps, golden vectors and a licence travel together."""
    for model, files in read(report):
        names = set(files)
        assert {"LICENSE", "SHA256SUMS", "manifest.json", "steps.json", "test/index.json"} <= names
        files_of = [1 + len(row["further"]) for row in model["artefacts"]]
        assert len([name for name in names if name.startswith("model/")]) == sum(files_of)
        assert len([name for name in names if name.startswith("labels/")]) == len(model["labels"])


def test_every_file_of_a_bundle_is_listed_with_its_true_digest(report):
    """A flipped bit can be found by name."""
    for _, files in read(report):
        listed = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
        assert listed == {
            name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"
        }
        manifest = {row["path"]: row["sha256"] for row in json.loads(files["manifest.json"])["files"]}
        assert manifest.items() <= listed.items()


def test_the_steps_come_as_code_or_the_manifest_says_why_not(report):
    """An app developer finds Kotlin and Swift, or the name of the step that has none."""
    for model, files in read(report):
        endings = sorted(name.rpartition(".")[2] for name in files if name.startswith("steps/"))
        missing = json.loads(files["manifest.json"])["missing"]
        card = model["card"]
        chains = [tensor["steps"] for tensor in card["inputs"] + card["outputs"]] + [card["result"]]
        step_ids = [step["id"] for chain in chains for step in chain]
        assert ({"kt", "swift"} <= set(endings)) == (not missing)
        assert not missing or any(f"step {name}" in missing["steps in Kotlin and Swift"] for name in step_ids)
