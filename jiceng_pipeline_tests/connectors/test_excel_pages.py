"""Which sheet of a workbook is read, and what printed pages leave in it."""

from jiceng_pipeline_tests.connectors.test_excel import HEADER, Book, person, read


def test_the_first_sheet_is_the_first_that_people_see(tmp_path):
    with Book(tmp_path) as book:
        last_year = book.add("2025年", [person(1, name="王旧")])
        book.add("2026年", [person(1)]).activate()
        last_year.hide()
    rows, _ = read(tmp_path, sheets="first")
    assert [row[3] for row in rows] == ["王小二"]


def test_a_header_that_comes_again_on_every_page_is_nobody(tmp_path):
    with Book(tmp_path) as book:
        book.add(
            "狼山镇", [person(1), ["序号", "低保证号", " 姓 名", "身份证号", "金额"], person(2), HEADER, person(3)]
        )
    rows, found = read(tmp_path)
    assert [row[0] for row in rows] == [4, 6, 8]
    assert found.notes == {"header_rows": "2"}
