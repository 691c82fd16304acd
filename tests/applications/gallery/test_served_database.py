"""A gallery in PostgreSQL, served as one in a file is."""

from pathlib import Path

import pytest
from served_galleries import client_of, made_gallery, picture, sent

from likeness.applications.gallery.stores import open_store
from likeness.applications.gallery.transfer import export, import_gallery
from likeness.applications.serve.galleries import served
from likeness.applications.serve.jobs import Jobs
from likeness.applications.serve.lane import Lane
from likeness.applications.serve.painting import painter_of
from likeness.applications.serve.site import Site
from likeness.errors import LikenessError


def test_a_database_is_served_with_its_pictures_elsewhere(address: str, tmp_path: Path) -> None:
    """Enrolled, shown, searched and removed by REST as in a file; its address is not told."""
    file = made_gallery(tmp_path)
    with open_store(file) as store:
        export(store, tmp_path / "exported")
    import_gallery(tmp_path / "exported", address)
    with open_store(address) as store:
        called = store.name
    with pytest.raises(
        LikenessError, match="is no file that pictures could be kept beside: say with --pictures"
    ):
        served([address], None, [], None, None)
    galleries = served([address], None, [], None, tmp_path / "kept")
    (id,) = galleries
    with client_of(Site(galleries, Jobs(), Lane(), painter_of(None))) as client:
        below = f"/v1/galleries/{id}/subjects"
        done = client.post(below, files=sent(picture(70)), data={"name": "Zoe"})
        assert done.status_code == 201, done.text
        found = client.post("/v1/identify", files=sent(picture(70, 3)), data={"fpir": 0.1}).json()
        assert found["probes"][0]["subject"]["name"] == "Zoe"
        zoe = found["probes"][0]["subject"]["id"]
        (template,) = client.get(f"{below}/{zoe}/templates").json()
        assert client.get(template["picture"]).status_code == 200
        assert len(list((tmp_path / "kept" / id).glob("*.png"))) == 1
        assert client.delete(f"{below}/{zoe}").json() == {"templates": 1, "subject": True}
        assert list((tmp_path / "kept" / id).glob("*.png")) == []
        refused = client.post("/v1/verify", files=sent(picture(1), field="picture"), data={"claim": "Eve"})
        assert f"Nobody in {id} is called Eve" in refused.text
        assert called not in refused.text
