"""A register page by page: the same rows in the same order as the file, each once, and as many as are told."""

import re

_KEYS, _TOTAL = re.compile(r'<a href="/at/\d+/resident/([0-9a-f]+)"'), re.compile(r"共 ([\d,]+) 条")


def told(client, address):
    """Return the keys on a page, and how many rows it says there are."""
    page = client.get(address).text
    return _KEYS.findall(page), int(_TOTAL.search(page)[1].replace(",", ""))


def test_all_pages_together_are_the_register(site):
    at, client = f"/at/{site.community}/register/resident_register", site.client("clerk")
    _, total = told(client, at)
    pages = [told(client, f"{at}?page={number}") for number in range(1, -(-total // 30) + 1)]
    assert {count for _, count in pages} == {total}
    with_keys = [key for keys, _ in pages for key in keys]
    assert with_keys == rows(site)


def test_the_pages_of_a_word_hold_each_row_once_and_know_how_many(site):
    at, client = f"/at/{site.community}/register/resident_register?q=王", site.client("clerk")
    first, total = told(client, at)
    second, again = told(client, f"{at}&page=2")
    assert len(first) == 30
    assert total == again >= 30 + len(second)
    assert not set(first) & set(second)
    assert first + second == [key for key in rows(site) if key in {*first, *second}]
    assert told(client, f"{at}&page=9999") == ([], total)


def test_a_list_shows_what_its_readers_call_things(site):
    page = site.client("clerk").get(f"/at/{site.community}/register/to_verify").text
    assert ">对象名称<" in page
    assert ">数据元<" not in page, "our own name of what the column beside it says in words"


def rows(site):
    """Return the keys of the clerk's community as the file has them."""
    from jiceng_pipeline.portal.reading import opened

    with opened() as (_, connection):
        found = connection.execute(
            "select resident_id from returned.resident_register where community_code = ? order by rowid",
            [site.community],
        ).fetchall()
    return [key for (key,) in found]
