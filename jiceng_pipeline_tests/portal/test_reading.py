"""A version that is replaced while somebody reads it: the reader reads on, the next one sees the new version."""

import shutil


def test_a_reader_reads_on_when_another_version_is_served(site):
    from jiceng_pipeline.portal.reading import opened

    def count(connection):
        return connection.execute("select count(*) from returned.resident_register").fetchall()[0][0]

    served = (site.settings.published / "current").resolve()
    later = served.with_name(f"29990101T000000.000000Z-{served.name.rpartition('-')[2]}")
    with opened() as (before, reading):
        there = count(reading)
        shutil.copytree(served, later)
        draft = site.settings.published / ".current.later"
        draft.symlink_to(later.name)
        draft.replace(site.settings.published / "current")
        try:
            with opened() as (after, also):
                assert (before.name, after.name) == (served.name, later.name)
                assert count(also) == there
            assert count(reading) == there
        finally:
            draft.symlink_to(served.name)
            draft.replace(site.settings.published / "current")
    with opened() as (again, connection):
        assert again.name == served.name
        assert count(connection) == there
    shutil.rmtree(later)
