"""A gallery in PostgreSQL: what its tables keep, what is refused in one sentence, and that no password is shown."""

import re
import traceback
from pathlib import Path

import numpy as np
import pytest
from drawn_galleries import D, about, centres, cohort, enrolment, filled, image, made

from likeness.applications.gallery.stores import create_store, open_store, refuse_existing
from likeness.errors import LikenessError

postgres_database = pytest.importorskip("likeness.applications.gallery.postgres_database")
psycopg = pytest.importorskip("psycopg")


def run(address: str, *statements: str) -> list[tuple]:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            done = connection.execute(statement)
        return done.fetchall() if done.description else []


def refused(where: str) -> str:
    with pytest.raises(LikenessError) as caught:
        open_store(where, patience=1).close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What it keeps


def test_encodings_are_vectors_that_pgvector_compares(address: str) -> None:
    with filled(address) as store:
        contents = store.contents()
    probe = about(centres(1, 1), 1, 0.1, 5)[0, 0]
    written = "[" + ",".join(map(repr, probe.tolist())) + "]"
    found = run(
        address,
        f"SELECT number, encoding <-> '{written}' FROM likeness.template ORDER BY encoding <-> '{written}' LIMIT 5",
    )
    away = np.linalg.norm(contents.encodings.astype(np.float64) - probe, axis=1)
    expected = np.argsort(away)[:5]
    assert [number for number, _ in found] == [contents.templates[place].number for place in expected]
    assert np.allclose([distance for _, distance in found], away[expected], rtol=1e-5)


def test_an_encoding_of_usual_length_lies_in_its_row(address: str) -> None:
    """Not in a table of its own, of which each would be looked up when all are loaded."""
    filled(address).close()
    encoding = "[" + ",".join(["0.1"] * 512) + "]"
    run(address, f"INSERT INTO likeness.template VALUES (1000, 1, 'c', 'f', '', '{encoding}')")
    query = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'likeness.template'::regclass"
    assert run(address, query) == [(0,)]


def test_programs_of_one_s_own_may_search_by_an_index(address: str) -> None:
    with filled(address, subjects=200) as store:
        contents = store.contents()
        run(
            address,
            f"CREATE INDEX ON likeness.template USING hnsw ((encoding::vector({D})) vector_l2_ops)",
        )
        written = "[" + ",".join(map(repr, contents.encodings[77].tolist())) + "]"
        query = f"SELECT number FROM likeness.template ORDER BY encoding::vector({D}) <-> '{written}' LIMIT 1"
        plan = run(address, "SET enable_seqscan = off", f"EXPLAIN {query}")
        assert any("Index Scan using template_encoding_idx" in line for (line,) in plan)
        assert run(address, "SET enable_seqscan = off", query) == [(contents.templates[77].number,)]
        store.remove(store.subject("S3"))  # which makes the index anew too
        assert len(store.contents().templates) == 3 * 199


def test_the_server_is_told_to_lose_nothing_whatever_it_does_by_default(address: str) -> None:
    run(address, "ALTER DATABASE people0 SET synchronous_commit = off")
    with filled(address) as store:
        ((found,),) = store._database.execute("SHOW synchronous_commit")
    run(address, "ALTER DATABASE people0 RESET synchronous_commit")
    assert found == "on"


def test_subjects_after_an_import_get_numbers_of_their_own(address: str) -> None:
    with filled(address) as store:
        contents = store.contents()
    run(address, "DROP SCHEMA likeness CASCADE")
    create_store(address, contents)
    with open_store(address) as store:
        (ada,) = store.enrol([enrolment("Ada", about(centres(1, 7), 2, 0.1, 7)[0])])
    assert (ada.subject.number, ada.subject.id) == (9, "9")


def test_a_connection_that_broke_off_is_made_anew(address: str) -> None:
    with filled(address) as store:
        run(
            address,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'likeness'",
        )
        with pytest.raises(LikenessError, match=r"broke off \(.*\): see to its server, and run again"):
            store.subjects()
        assert len(store.subjects()) == 8


@pytest.mark.parametrize("size", [D, 1024])
def test_what_is_removed_leaves_no_byte_in_the_tables(size: int, address: str, server, monkeypatch) -> None:
    """Of encodings that lie in a row and of such as PostgreSQL keeps apart."""
    import drawn_galleries

    monkeypatch.setitem(drawn_galleries.ENCODER, "dimensions", size)
    draw = np.random.default_rng(3)
    strangers = cohort(subjects=2)._replace(encodings=draw.standard_normal((10, size)).astype(np.float32))
    encodings = draw.standard_normal((12, 5, size)).astype(np.float32)
    with made(address, strangers) as store:
        store.enrol([enrolment(f"S{n}", encodings[n]) for n in range(12)])
        store.merge(store.subject("S3"), [store.subject("S7")])
        gone = [*encodings[3], *encodings[7], *encodings[11], encodings[5][2]]
        before = in_tables(address, server.folder)
        assert all(stands_in(before, one) for one in gone)
        for name in ("S3", "S11"):
            store.remove(store.subject(name))
        store.remove(store.subject("S5"), [image("S5-2").content])
        after = in_tables(address, server.folder)
        assert not any(stands_in(after, one) for one in gone)
        assert stands_in(after, encodings[5][1])
        assert stands_in(after, strangers.encodings[0])
        store.set_cohort(cohort(subjects=1)._replace(encodings=encodings[0]), "", drawn_galleries.ENCODER)
        after = in_tables(address, server.folder)
        assert not any(stands_in(after, one) for one in strangers.encodings)
        assert store.damage() == []


def test_a_change_elsewhere_in_the_database_that_is_not_ended_keeps_a_removal_from_ending(
    address: str,
) -> None:
    """Between its statements it reads nothing, and PostgreSQL still keeps for it what was removed after it began."""
    run(address, "CREATE TABLE IF NOT EXISTS public.other (number integer)")
    with filled(address) as filling, psycopg.connect(address) as changing:
        changing.execute("INSERT INTO public.other VALUES (1)")
        with open_store(address, patience=0.05) as store:
            with pytest.raises(LikenessError, match="It is removed, but another process still reads"):
                store.remove(store.subject("S0"))
            changing.rollback()
            filling.remove(filling.subject("S1"))
            assert store._rows.settings.value("to_purge") == ""


def in_tables(address: str, folder: Path) -> bytes:
    """What stands in the files of a database's tables, its own log of writes left out."""
    run(address, "CHECKPOINT")
    ((number,),) = run(address, "SELECT oid FROM pg_database WHERE datname = current_database()")
    return b"".join(file.read_bytes() for file in (folder / "base" / str(number)).iterdir())


def stands_in(content: bytes, encoding: np.ndarray) -> bool:
    """Whether a piece of an encoding does, 8 numbers in a row as pgvector keeps them."""
    places = np.linspace(0, len(encoding) - 8, 12).astype(int)
    return any(encoding[place : place + 8].astype("<f4").tobytes() in content for place in places)


# What is refused


def test_a_server_that_is_not_there_is_one_sentence(server) -> None:
    assert re.fullmatch(
        r"postgresql://ada@127\.0\.0\.1:1/people can't be reached \(.*Connection refused\): see that the server runs "
        r"there, and takes this user and password\.",
        refused("postgresql://ada:secret@127.0.0.1:1/people"),
    )
    assert "No such file or directory" in refused("postgresql:///people?host=/tmp/no-such-folder")


def test_no_password_is_shown(address: str, server) -> None:
    host = server.folder
    run(address, "CREATE ROLE ada LOGIN PASSWORD 'right horse'")
    rules = host / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("local all ada scram-sha-256\n" + before)
    run(address, "SELECT pg_reload_conf()")
    try:
        filled(address).close()
        wrong = f"postgresql://ada:wrong%20horse@/people0?host={host}"
        with pytest.raises(LikenessError, match='password authentication failed for user "ada"') as caught:
            open_store(wrong, patience=1)
        assert "horse" not in "".join(traceback.format_exception(caught.value))
        right = wrong.replace("wrong", "right")
        assert refused(right) == (
            f"postgresql://ada@/people0?host={host} refuses this user (permission denied for schema likeness): take "
            "one who may, or have it granted."
        )
        run(
            address,
            "GRANT USAGE ON SCHEMA likeness TO ada",
            "GRANT SELECT ON ALL TABLES IN SCHEMA likeness TO ada",
            "GRANT SELECT ON ALL SEQUENCES IN SCHEMA likeness TO ada",
        )
        with open_store(f"postgresql:///people0?host={host}&user=ada&password=right%20horse") as store:
            assert store.name == f"postgresql://ada@/people0?host={host}"
            assert len(store.contents().subjects) == 8
            with pytest.raises(
                LikenessError, match=r"refuses this user \(permission denied for table subject"
            ) as caught:
                store.rename(store.subject("S1"), "Eve")
        assert "horse" not in "".join(traceback.format_exception(caught.value))
    finally:
        rules.write_text(before)
        run(address, "SELECT pg_reload_conf()", "DROP OWNED BY ada", "DROP ROLE ada")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:se%zzcret@host/people",
        "postgresql://ada:p@secret@host/people",
        "postgresql://ada:pa/secret@host/people",
        "postgresql://host/people?secret=1",
        "postgresql://host:secret/people",
    ],
)
def test_an_address_that_can_t_be_read_is_not_shown(address: str) -> None:
    with pytest.raises(LikenessError, match="The gallery's address can't be read: write it as") as caught:
        open_store(address)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_database_of_something_else_is_no_gallery(address: str) -> None:
    sentence = f"{name(address)} holds no gallery: name a gallery, or make one with likeness gallery create."
    assert refused(address) == sentence
    run(address, "CREATE SCHEMA likeness")
    assert refused(address) == sentence
    run(address, "CREATE TABLE likeness.setting (name TEXT, value TEXT)")
    assert refused(address) == sentence
    for make in (filled, refuse_existing):
        with pytest.raises(
            LikenessError, match="has a gallery already, or a schema that is called likeness: name another"
        ):
            make(address)
    assert 'database "nowhere" does not exist' in refused(address.replace("people0", "nowhere"))


def test_a_gallery_lies_beside_other_tables(address: str) -> None:
    run(address, "CREATE TABLE public.subject (mine TEXT)", "INSERT INTO public.subject VALUES ('kept')")
    with filled(address) as store:
        assert len(store.subjects()) == 8
    assert run(address, "SELECT mine FROM public.subject") == [("kept",)]
    run(address, "DROP TABLE public.subject")


def test_another_version_is_refused(address: str) -> None:
    filled(address).close()
    run(address, "UPDATE likeness.setting SET value = '1' WHERE name = 'version'")
    assert refused(address) == (
        f"{name(address)} is a gallery of version 1, and this program reads version 2: export it with the program "
        "that made it, and import that."
    )


def test_a_server_without_pgvector_makes_no_gallery(server, monkeypatch) -> None:
    address = server.new_database()
    monkeypatch.setattr(postgres_database, "EXTENSION", "no_such_extension")
    with pytest.raises(LikenessError, match=r"The server of .* has no pgvector: install it there, or name"):
        filled(address)
    assert run(address, "SELECT 1 FROM pg_namespace WHERE nspname = 'likeness'") == []


def test_what_can_t_be_made_whole_is_not_made(address: str, monkeypatch) -> None:
    import drawn_galleries

    monkeypatch.setitem(drawn_galleries.ENCODER, "dimensions", 17_000)
    with pytest.raises(
        LikenessError, match=r"can't hold encodings of 17,000 numbers, as pgvector's end at 16,000"
    ):
        made(address, cohort(1, 1)._replace(encodings=np.zeros((1, 17_000), np.float32)))
    assert run(address, "SELECT 1 FROM pg_namespace WHERE nspname = 'likeness'") == []


def test_damaged_rows_are_one_sentence(address: str) -> None:
    with filled(address) as store:
        store._database.execute("UPDATE template SET encoding = '[1,2]' WHERE number = 5")
        with pytest.raises(LikenessError, match=f"is damaged: an encoding has not {D} numbers"):
            store.contents()
        store._database.execute("UPDATE setting SET value = '{' WHERE name = 'encoder'")
        with pytest.raises(LikenessError, match="is damaged, as its settings can't be read"):
            store.settings()


def name(address: str) -> str:
    """Of a gallery of the server, whose address has an empty password."""
    return address.replace("postgres:@", "postgres@")
