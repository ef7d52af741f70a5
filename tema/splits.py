"""Which articles train, which choose and which test: a `Corpus` in, numbers of articles out.

Articles that share a near-duplicate line (or are near-duplicates as a whole) form one group, and a group is never divided.
Groups are stratified over the themes they carry by iterative stratification (Sechidis et al., ECML PKDD 2011).
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tema.corpus import SIDES, Corpus
from tema.errors import CorpusError
from tema.settings import SplitSettings

_SHINGLE = 4  # words
_PERMUTATIONS = 128
_RECALL = 0.6  # candidates are sought below the threshold, for MinHash misses some; the exact similarity decides


@dataclass(frozen=True)
class Split:
    """Numbers of the articles on each side, ascending."""

    train: list[int]
    validation: list[int]
    test: list[int]


def split_articles(corpus: Corpus, settings: SplitSettings, seed: int) -> Split:
    """Divide by group, stratified over themes; a split that the data fixes (`side`) is kept as it is, near-duplicates and all.

    Raises CorpusError when there are too few articles to divide.
    """
    if any(article.side for article in corpus.articles):
        return _given(corpus, settings, seed)
    groups = duplicate_groups(corpus, settings.near_duplicate)
    rest, test = _divide(corpus, groups, range(len(corpus.articles)), settings.test, seed)
    share = settings.validation / (1 - settings.test)
    train, validation = _divide(corpus, groups, rest, share, seed)
    return Split(train, validation, test)


def fold_splits(corpus: Corpus, settings: SplitSettings, folds: int, seed: int) -> list[Split]:
    """Grouped, stratified cross-validation: every article is in one fold's test; validation is taken from the others.

    Raises CorpusError when there are fewer groups than folds.
    """
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    groups = duplicate_groups(corpus, settings.near_duplicate)
    members = group_members(groups, range(len(corpus.articles)))
    if len(members) < 2 * folds:
        raise CorpusError(f"{len(members)} separate articles are too few for {folds} folds")
    splitter = MultilabelStratifiedKFold(n_splits=folds, shuffle=True, random_state=seed)
    splits = []
    for rest, test in splitter.split(members, group_themes(corpus, members)):
        train, validation = _divide(corpus, groups, _articles(members, rest), settings.validation, seed)
        splits.append(Split(train, validation, _articles(members, test)))
    return splits


def duplicate_groups(corpus: Corpus, threshold: float) -> np.ndarray:
    """The group of each article, (n_articles,) int64; near-duplicates (Jaccard over word 4-grams) share one."""
    from datasketch import MinHash, MinHashLSH

    owners: list[int] = []
    shingles: list[frozenset[str]] = []
    for number, article in enumerate(corpus.articles):
        spoken = [line.text for line in article.lines if line.kind != "boilerplate"]
        for text in [*spoken, " ".join(spoken)] if len(spoken) > 1 else spoken:
            if grams := word_shingles(text) or (frozenset({text.lower()}) if len(spoken) == 1 else frozenset()):
                owners.append(number)
                shingles.append(grams)
    index = MinHashLSH(threshold=threshold * _RECALL, num_perm=_PERMUTATIONS)
    groups = np.arange(len(corpus.articles))
    for key, grams in enumerate(shingles):
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=1)
        sketch.update_batch([gram.encode() for gram in grams])
        for other in index.query(sketch):
            if owners[other] != owners[key] and jaccard(grams, shingles[other]) >= threshold:
                groups[groups == groups[owners[other]]] = groups[owners[key]]
        index.insert(key, sketch)
    return groups


def word_shingles(text: str) -> frozenset[str]:
    """The word 4-grams of a text, lower case, without punctuation; empty for texts under six words."""
    words = re.findall(r"\w+", text.lower())
    if len(words) < _SHINGLE + 2:
        return frozenset()
    return frozenset(" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Share of the union that both have, 0…1."""
    return len(a & b) / len(a | b)


def _given(corpus: Corpus, settings: SplitSettings, seed: int) -> Split:
    sides: dict[str, list[int]] = {
        side: [i for i, article in enumerate(corpus.articles) if article.side == side] for side in SIDES
    }
    if not sides["train"] or not sides["test"]:
        raise CorpusError("data.split_column must put rows on 'train' and on 'test' ('validation' is optional)")
    if not sides["validation"]:
        groups = duplicate_groups(corpus, settings.near_duplicate)
        sides["train"], sides["validation"] = _divide(corpus, groups, sides["train"], settings.validation, seed)
    return Split(sides["train"], sides["validation"], sides["test"])


def _divide(corpus: Corpus, groups: np.ndarray, chosen: Sequence[int], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Put about `share` of the chosen articles' groups on the second side."""
    from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

    members = group_members(groups, chosen)
    if len(members) < 4:
        raise CorpusError(f"{len(members)} separate articles are too few to divide into training, validation and test")
    splitter = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        first, second = next(splitter.split(members, group_themes(corpus, members)))
    if not len(first) or not len(second):
        raise CorpusError(f"{len(members)} separate articles cannot be divided by {share:.2f}; add articles or raise the share")
    return _articles(members, first), _articles(members, second)


def group_members(groups: np.ndarray, chosen: Sequence[int]) -> list[list[int]]:
    """The chosen articles, a list per group, in order of first appearance."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for i in chosen:
        members[int(groups[i])].append(i)
    return list(members.values())


def group_themes(corpus: Corpus, members: Sequence[Sequence[int]]) -> np.ndarray:
    """What stratification balances, (n_groups, 2 * n_themes) int: a theme occurs; it occurs in three lines or more."""
    column = {theme: j for j, theme in enumerate(corpus.theme_ids)}
    counts = np.zeros((len(members), len(column)), dtype=int)
    for row, articles in enumerate(members):
        for theme in _themes_of(corpus, articles):
            counts[row, column[theme]] += 1
    return np.hstack([counts >= 1, counts >= 3]).astype(int)


def _themes_of(corpus: Corpus, articles: Sequence[int]) -> Iterator[str]:
    return (theme for i in articles for line in corpus.articles[i].lines for theme in line.themes)


def _articles(members: Sequence[Sequence[int]], groups: np.ndarray) -> list[int]:
    return sorted(i for group in groups for i in members[group])
