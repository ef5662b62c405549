"""The map's picture: how vectors become points, what a region is called, where newcomers go."""

import numpy as np
import pytest
from django.core.management import call_command

from archive import mapping
from archive.models import Embedding, MapPoint, Preprint, Projection
from archive.projection import name_regions, project
from archive.tasks import draw_map, embed_pending
from tests.factories import EmbeddingFactory, PreprintFactory

SUBJECTS = {
    "Galaxies": ["Spiral galaxies at high redshift", "Dwarf galaxies near the Milky Way", "Dust in galaxies"],
    "Codes": ["Surface codes for qubits", "Decoding quantum error codes", "Stabilizer codes and qubits"],
}


def clouds(*, size: int, seed: int = 5) -> np.ndarray:
    """Two clouds of unit vectors, far from each other."""
    random = np.random.default_rng(seed)
    centres = np.repeat([[1.0] + [0.0] * 31, [0.0] * 31 + [1.0]], size, axis=0)
    vectors = centres + random.normal(scale=0.05, size=(2 * size, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("size", [4, 60])
def test_clouds_stay_apart_and_inside_the_square(size):
    points = project(clouds(size=size))

    first, second = points[:size], points[size:]
    assert points.shape == (2 * size, 2)
    assert (points.min() >= 0, points.max() <= 1) == (True, True)
    between = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    within = np.linalg.norm(first - first.mean(axis=0), axis=1).mean()
    assert between > 2 * within


@pytest.mark.parametrize("count", [0, 1, 2, 3, 11, 12, 13])
def test_smallest_archives_have_a_picture(count):
    points = project(clouds(size=7)[:count])

    assert points.shape == (count, 2)
    assert np.isfinite(points).all()


def test_same_vectors_give_the_same_picture():
    vectors = clouds(size=20)

    assert (project(vectors) == project(vectors)).all()


def test_identical_vectors_are_drawn_too():
    assert np.isfinite(project(np.ones((30, 8), dtype=np.float32))).all()


def test_regions_are_named_after_what_only_their_titles_say():
    random = np.random.default_rng(1)
    points = np.vstack([random.normal(0.2, 0.02, (40, 2)), random.normal(0.8, 0.02, (40, 2))])
    titles = ["A study of spiral galaxies"] * 40 + [r"New quantum codes for $\alpha$ of qubits"] * 40

    regions = name_regions(points, titles)

    names = [region.name for region in regions]
    assert len(names) == len(set(names))
    assert all(("galaxies" in region.name) == (region.x < 0.5) for region in regions if len(region.name) > 8)
    assert not {"study", "new", "alpha"} & {word for name in names for word in name.split()}


def test_newcomer_goes_beside_its_neighbours():
    points = np.array([[0.1, 0.1], [0.12, 0.1], [0.9, 0.9]])

    placed = mapping.place_among(np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.95]]), points, [7, 8])

    assert np.abs(placed[0] - [0.11, 0.1]).max() < 0.01
    assert np.abs(placed[1] - [0.9, 0.9]).max() < 0.01


def make_archive():
    return [
        EmbeddingFactory(preprint__title=title, preprint__abstract=f"{title}. We study {subject.lower()}.")
        for subject, titles in SUBJECTS.items()
        for title in titles
    ]


@pytest.mark.django_db
def test_command_draws_every_available_preprint_with_a_vector(capsys):
    made = make_archive()
    PreprintFactory(title="Without a vector")
    Preprint.objects.filter(pk=made[0].preprint_id).update(withdrawn_on="2024-05-05")

    call_command("project_map")

    projection = mapping.shown_projection()
    drawn = set(projection.points.values_list("preprint_id", flat=True))
    assert drawn == {row.preprint_id for row in made[1:]}
    assert (projection.drawn, projection.model) == (5, made[0].model)
    assert "5 preprints drawn" in capsys.readouterr().out


@pytest.mark.django_db
def test_command_says_when_there_is_nothing_to_draw(capsys):
    PreprintFactory()

    call_command("project_map")

    assert "nothing was drawn" in capsys.readouterr().out
    assert not Projection.objects.exists()


@pytest.mark.django_db
def test_new_picture_takes_the_place_of_the_old_one():
    make_archive()
    call_command("project_map")
    first = mapping.shown_projection()

    call_command("project_map")

    assert Projection.objects.count() == 1
    assert mapping.shown_projection().pk != first.pk
    assert MapPoint.objects.count() == 6


@pytest.mark.django_db
def test_new_preprint_is_placed_with_its_own_kind():
    make_archive()
    call_command("project_map")
    newcomer = EmbeddingFactory(
        preprint__title="Elliptical galaxies", preprint__abstract="We study galaxies of high redshift."
    )

    assert mapping.place_pending(10) == 1
    assert mapping.place_pending(10) == 0

    place = newcomer.preprint.map_points.get()
    distances = {
        row.preprint.title: np.hypot(row.x - place.x, row.y - place.y)
        for row in MapPoint.objects.exclude(pk=place.pk).select_related("preprint")
    }
    assert "alax" in min(distances, key=distances.get)


@pytest.mark.django_db
def test_picture_of_another_model_is_not_shown(settings):
    make_archive()
    call_command("project_map")

    settings.EMBEDDING_MODEL = "local/another"

    assert mapping.shown_projection() is None
    assert not mapping.needs_drawing()


@pytest.mark.django_db
def test_background_embeds_draws_and_places():
    PreprintFactory.create_batch(3)

    embed_pending()
    assert mapping.needs_drawing()
    draw_map()
    assert mapping.shown_projection().drawn == 3
    PreprintFactory()
    embed_pending()

    assert Embedding.objects.count() == 4
    assert mapping.shown_projection().points.count() == 4
    assert not mapping.needs_drawing()
