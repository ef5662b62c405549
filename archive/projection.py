"""Pure: vectors -> points on a plane, and names for its regions.

The only room that imports scikit-learn, which is heavy: the command project_map enters it, and nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

VERSION = "pca50-tsne-1"
DIMENSIONS = 50  # that are left for t-SNE, as its authors advise
PERPLEXITY = 30
LEAST_FOR_TSNE = 12  # fewer points are laid out by PCA alone
THREADS = 1  # threads that wait for each other by spinning cost more than they bring on a busy machine
MARGIN = 0.03  # of the square, left free on each side
MAX_REGIONS = 28
POINTS_A_REGION = 18  # at least, on average
TERM = r"(?u)\b[^\W\d_][\w-]{2,}[^\W_]\b"  # four letters or more
# Words of titles that name no region.
EMPTY_WORDS = frozenset(
    "using based via approach approaches method methods study analysis new novel towards toward "  # noqa: SIM905
    "learning model models data efficient application applications improved improving framework system "
    "systems performance evaluation effect effects high low large small non used case general deep".split()
)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the plane: its middle (0..1), what the titles there speak of, how many points it has."""

    x: float
    y: float
    name: str
    size: int


@threadpool_limits.wrap(limits=THREADS)
def project(vectors: np.ndarray) -> np.ndarray:
    """Points in the unit square, one a vector of (n, d): what is near in meaning stays near.

    PCA, then t-SNE from PCA's own layout with a fixed seed: the same vectors give the same picture.
    """
    count = len(vectors)
    if count < 2:
        return np.full((count, 2), 0.5)
    if count < LEAST_FOR_TSNE:
        plane = PCA(n_components=2, random_state=0).fit_transform(vectors)
    else:
        size = min(DIMENSIONS, count - 1, vectors.shape[1])
        reduced = PCA(n_components=size, random_state=0).fit_transform(vectors + _noise(vectors.shape))
        perplexity = min(PERPLEXITY, (count - 1) / 3)
        plane = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(reduced)
    return _into_square(plane)


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    """Far below what tells two texts apart; without any, t-SNE crashes on an archive of one text."""
    return np.random.default_rng(0).normal(scale=1e-5, size=shape).astype(np.float32)


def _into_square(plane: np.ndarray) -> np.ndarray:
    """The same picture, each side as wide as the other, within the margins."""
    low, high = plane.min(axis=0), plane.max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    return MARGIN + (1 - 2 * MARGIN) * np.where(high > low, (plane - low) / spread, 0.5)


@threadpool_limits.wrap(limits=THREADS)
def name_regions(points: np.ndarray, titles: Sequence[str]) -> list[Region]:
    """Regions of a picture, largest first, each named by the word or pair of words that is most its own.

    Own: frequent in the region's titles, rare in the others (class-based tf-idf). No name is given twice.
    """
    count = min(MAX_REGIONS, len(points) // POINTS_A_REGION)
    if count < 2:
        return []
    labels = KMeans(n_clusters=count, n_init=4, random_state=0).fit_predict(points)
    texts = [" ".join(re.sub(r"\$[^$]*\$|\\\w+", " ", title).split()) for title in titles]
    try:
        counter = CountVectorizer(ngram_range=(1, 2), stop_words="english", token_pattern=TERM, min_df=3)
        counts = counter.fit_transform(texts)
    except ValueError:  # no word stands in three titles
        return []
    terms = counter.get_feature_names_out()
    of_region = np.vstack([np.asarray(counts[labels == label].sum(axis=0))[0] for label in range(count)])
    weights = of_region * np.log(1 + of_region.sum() / count / np.maximum(of_region.sum(axis=0), 1))
    weights *= [0 if set(term.split()) & EMPTY_WORDS else 1 + (" " in term) for term in terms]
    return _named(points, labels, weights, terms)


def _named(points: np.ndarray, labels: np.ndarray, weights: np.ndarray, terms: np.ndarray) -> list[Region]:
    sizes = np.bincount(labels)
    taken: set[str] = set()
    regions = []
    for label in np.argsort(-sizes):
        ranked = (str(terms[place]) for place in np.argsort(-weights[label]) if weights[label][place] > 0)
        name = next((term for term in ranked if term not in taken), "")
        if name:
            taken.add(name)
            x, y = np.median(points[labels == label], axis=0)
            regions.append(Region(round(float(x), 4), round(float(y), 4), name, int(sizes[label])))
    return regions
