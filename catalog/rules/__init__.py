"""What must hold across a card's fields and the files it names: a table of rules, each free of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from catalog.context import Context
from catalog.problem import Problem
from catalog.rules import data, evaluation, files, identity, labels, licences, model, prose, publishing, samples, steps

Rule = Callable[[Context], Iterable[Problem]]

RULES: tuple[Rule, ...] = (
    identity.check_id,
    identity.check_date,
    identity.check_task,
    identity.check_characters,
    licences.check_expressions,
    licences.check_agreement,
    licences.check_own_licences,
    files.check_files,
    files.check_script,
    files.check_source,
    files.check_digest,
    model.check_sizes,
    model.check_states,
    model.check_signature,
    steps.check_steps,
    steps.check_columns,
    labels.check_labels,
    labels.check_label_count,
    samples.check_kind,
    samples.check_expected,
    samples.check_row,
    data.check_lines,
    data.check_overlap,
    evaluation.check_metric,
    evaluation.check_range,
    evaluation.check_dataset,
    evaluation.check_tolerances,
    prose.check_html,
    prose.check_links,
    publishing.check_published,
)
