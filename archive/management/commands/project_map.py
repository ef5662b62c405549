"""Draws the map of the archive anew, with progress; what is shown meanwhile stays the old one."""

from dataclasses import asdict
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand
from tqdm import tqdm

from archive import mapping
from archive.projection import VERSION, name_regions, project


class Command(BaseCommand):
    help = (
        "Lays the archive out on a plane by meaning, for /map: PCA and t-SNE of a sample, the rest beside "
        "its nearest neighbours. Needs the vectors of the present model; may be stopped at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total = mapping.count_drawable()
        if not total:
            self.stdout.write("No preprint has a vector of the present model yet: nothing was drawn.")
            return
        ids: list[int] = []
        titles: list[str] = []
        parts: list[np.ndarray] = []
        with tqdm(total=total, desc="Reading vectors", unit=" preprints", disable=None) as bar:
            for batch_ids, batch_titles, vectors in mapping.read_vectors():
                ids += batch_ids
                titles += batch_titles
                parts.append(vectors)
                bar.update(len(batch_ids))
        points = self.lay_out(np.vstack(parts), ids)
        regions = [asdict(region) for region in name_regions(points, titles)]
        mapping.save_projection(version=VERSION, ids=ids, points=points, regions=regions)
        self.stdout.write(f"{len(ids):,} preprints drawn, {len(regions)} regions named.")

    def lay_out(self, vectors: np.ndarray, ids: list[int]) -> np.ndarray:
        """The sample by t-SNE, then the others among it, batch by batch."""
        sample = vectors[: mapping.SAMPLE]
        anchors = project(sample)
        parts = [anchors]
        rest = range(len(sample), len(vectors), mapping.BATCH)
        for start in tqdm(rest, desc="Placing the rest", unit=" batches", disable=None):
            part = slice(start, start + mapping.BATCH)
            parts.append(mapping.place_among(vectors[part] @ sample.T, anchors, ids[part]))
        return np.vstack(parts)
