"""Every workbook of a community opens in LibreOffice and prints one page wide."""

import re
import subprocess
from pathlib import Path

import pytest

from jiceng_pipeline_tests.installed import needed


@pytest.fixture(scope="module")
def printed(made, community, tmp_path_factory):
    office = needed("soffice", "libreoffice-calc")
    folder = tmp_path_factory.mktemp("printed")
    files = [str(places[community].path) for places in made.values() if community in places]
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{folder}/office", "--convert-to", "pdf", "--outdir",
         str(folder), *files],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return {Path(file).stem: folder / f"{Path(file).stem}.pdf" for file in files}


def test_every_workbook_opens_and_is_a4_across(printed):
    assert printed
    for name, path in printed.items():
        assert path.is_file(), name
        boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", path.read_bytes())
        assert boxes, name
        assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(842, 595)}, name


def test_a_form_with_few_rows_is_few_pages_so_no_page_is_beside_another(printed, made, community):
    for form, places in made.items():
        each = places[community]
        pages = printed[each.path.stem].read_bytes().count(b"/Type/Page\n") or len(
            re.findall(rb"/Type\s*/Page[^s]", printed[each.path.stem].read_bytes())
        )
        # 12 rows a page at the very least, and one or two of instructions; a sheet too wide would double it
        assert 1 <= pages <= 3 + each.rows / 12, (form, pages, each.rows)
