"""Cells in doubt or out of date are shown and marked; tags are given in words, and a masked file tells neither."""

import openpyxl
import pytest

from jiceng_pipeline.returns import marks, masks
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.standard.tags import tags
from jiceng_pipeline.warehouse.connection import connect

from .conftest import ENTERPRISE, HERE, RESIDENT, THERE, row, served_rows

ASK = {"actor": "operator", "community": HERE, "dataset": "resident_register"}
FULL = {**ASK, "profile": "full", "purpose": "高龄津贴核对"}
STALE = ("resident", "r1", "phone"), ("resident", "r1", "subsistence_category_code"), ("resident", "r9", "phone")


def doubted(connection):
    """Make the tables that marks come from."""
    connection.execute(
        """create schema if not exists governance; create schema if not exists quality;
        create table governance.stale_cell (entity varchar, entity_id varchar, element_id varchar, system varchar,
            source_date date, days_over bigint);
        create table quality.dispute (entity varchar, entity_id varchar, element_id varchar);
        create view quality.open_dispute as from quality.dispute;
        insert into quality.dispute values ('resident', 'r1', 'name'), ('resident', 'r1', 'phone'),
            ('enterprise', 'r1', 'name')"""
    )
    for each in STALE:
        connection.execute("insert into governance.stale_cell values (?, ?, ?, 's', '2024-03-01', 120)", list(each))
    connection.execute("create table returned.changes as select 1 as n")


@pytest.fixture
def marked(served):
    """Return the settings of an instance two of whose cells are doubted and one out of date."""
    residents = [row(RESIDENT, tags="aged_60,subsistence"), row(RESIDENT, resident_id="r9", community_code=THERE)]
    served_rows(served, "marked", doubted, resident_register=residents, enterprise_register=[ENTERPRISE])
    return served


def comments(path):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    said = {
        sheet.cell(1, cell.column).value: cell.comment.text
        for line in sheet.iter_rows(min_row=2)
        for cell in line
        if cell.comment
    }
    explained = {line[0]: line[1] for line in book["说明"].iter_rows(max_col=2, values_only=True)}
    return said, explained.get("存疑和过期"), sheet


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_file_without_comments_says_it_in_a_last_column(marked, format):
    path = cut(marked, **FULL, format=format).path
    with connect(settings=marked) as connection:
        read = f"read_csv('{path}', all_varchar = true)" if format == "csv" else f"read_parquet('{path}')"
        relation = connection.execute(f"from {read}")
        name, ((*_, said),) = relation.description[-1][0], relation.fetchall()
    assert name == ("标注" if format == "csv" else "cell_marks")
    assert "姓名（存疑" in said
    assert "低保类别（过期：2024-03-01" in said


def test_a_masked_file_says_nothing_of_what_it_hides(marked):
    with connect(settings=marked) as connection:
        said = connection.execute(f"select cell_marks from '{cut(marked, **ASK, format='parquet').path}'").fetchall()
    assert "低保" not in str(said)


def test_doubtful_and_old_values_are_shown_and_say_so(marked):
    said, explained, sheet = comments(cut(marked, **FULL).path)
    assert set(said) == {"姓名", "联系电话", "低保类别"}
    assert "存疑" in said["姓名"]
    assert "存疑" in said["联系电话"]
    assert "过期" in said["联系电话"]
    assert "2024-03-01" in said["低保类别"]
    assert "120 天" in said["低保类别"]
    assert "存疑 2 格" in explained
    assert "过期 2 格" in explained
    shown = {sheet.cell(1, cell.column).value: cell for cell in sheet[2]}
    assert shown["联系电话"].value == RESIDENT["phone"]
    assert shown["联系电话"].fill.fgColor.rgb != shown["户籍地址"].fill.fgColor.rgb
    assert (shown["联系电话"].data_type, shown["联系电话"].number_format) == ("s", "@")


def test_a_cell_that_is_not_shown_is_not_marked(marked):
    said, explained, _ = comments(cut(marked, **ASK).path)
    assert set(said) == {"姓名", "联系电话"}
    assert "过期 1 格" in explained


def test_a_version_from_before_there_were_marks_has_none(served):
    said, explained, _ = comments(cut(served, **FULL).path)
    assert (said, explained) == ({}, None)


def test_a_dataset_that_is_of_no_entity_has_none(marked):
    from jiceng_pipeline.returns import datasets
    from jiceng_pipeline.warehouse import publish

    wanted = datasets.find(marked, "to_verify")
    with connect(publish.find(marked).database, settings=marked, read_only=True) as connection:
        assert marks.key(wanted) is None
        assert marks.find(connection, wanted, HERE, ["phone"]) == {}


def test_tags_are_told_in_words_and_only_to_who_sees_what_they_rest_on(marked):
    for asked, expected in ((FULL, "老年人、低保对象"), (ASK, None)):
        sheet = openpyxl.load_workbook(cut(marked, **asked).path).worksheets[0]
        shown = {sheet.cell(1, cell.column).value: cell.value for cell in sheet[2]}
        assert shown["标签"] == expected


def test_no_tag_is_told_whose_elements_are_masked():
    hidden = masks.masking(element("tags"), "check")
    masked = [code for code, tag in tags().items() if any(masks._own(each) is not masks.SHOWN for each in tag.rests_on)]
    if hidden is masks.HIDDEN:
        assert set(masked) == set(tags())
        return
    listed = ",".join(tags())
    with connect() as connection:
        left = connection.execute(f"select {hidden.sql('c')} from (select '{listed}' as c)").fetchall()[0][0]
    assert not set((left or "").split(",")) & set(masked)
