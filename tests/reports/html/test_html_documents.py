"""A graded case as Word document and as PDF."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

import docx
import pypdf
import pytest
from docx.document import Document
from docx.oxml.ns import qn

from dingji.knowledge.model import Knowledge
from dingji.reports import Language, ReportError, render_document
from dingji.reports.html.pdf import pdf
from dingji.reports.html.view import ChangeView

from ..samples import DEMO, HOSTILE, LANGUAGES, UNDETERMINED, graded, hostile
from .browser import needs_font

PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0000003010100"
        "c9fe92ef0000000049454e44ae426082"
    )
).decode()


def word_of(kb: Knowledge, language: Language, **options: Any) -> Document:
    return docx.Document(io.BytesIO(render_document(graded(kb, DEMO), kb, form="docx", language=language, **options)))


def all_text(document: Document) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


@pytest.fixture(scope="module")
def english(kb: Knowledge) -> Document:
    return word_of(kb, "en")


def test_word_has_the_same_sections_as_the_page(english: Document) -> None:
    headings = [p.text for p in english.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert headings == [
        "Findings side by side",
        "Risk matrix",
        "Why the findings differ",
        "Rules it rests on whose text is unverified or assumed",
        "Judgements that the grade turns on",
        "Duties in time",
        "Facts and evidence",
        "Proof",
        "Sources",
        "Editions that would apply today",
    ]
    assert english.paragraphs[0].text == "Photovoltaic works under a 500 kV line"
    assert english.tables[0].cell(0, 0).text == "Hazard level: Level II (orange)"


def test_word_shows_the_matrix_with_the_case(english: Document) -> None:
    (matrix,) = [table for table in english.tables if table.cell(0, 0).text.startswith("likelihood P")]
    assert [cell.text for cell in matrix.rows[1].cells] == ["5", "5", "10", "15", "20", "25"]
    assert [cell.text for cell in matrix.rows[2].cells] == ["4", "4", "8", "12", "16 this case", "20"]
    fills = [cell._tc.tcPr.find(qn("w:shd")).get(qn("w:fill")) for cell in matrix.rows[2].cells[1:]]  # type: ignore[union-attr]
    assert fills == ["2460AD", "F7D046", "B3261E", "B3261E", "B3261E"]  # blue to 4, yellow to 9, red above


def test_heads_of_tables_repeat_and_rows_stay_whole(english: Document) -> None:
    for table in english.tables[1:]:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for table in english.tables for row in table.rows)


def test_word_names_a_chinese_font_and_its_language(kb: Knowledge) -> None:
    document = word_of(kb, "zh")
    for name in ("Normal", "Title", "Heading 1"):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == "Microsoft YaHei"
    assert document.core_properties.language == "zh-Hans"
    assert document.core_properties.title == "500千伏线路下方光伏电站施工"
    assert "隐患等级：二级（橙色）" in all_text(document)


def test_word_of_an_open_case_asks(kb: Knowledge) -> None:
    document = docx.Document(io.BytesIO(render_document(graded(kb, UNDETERMINED), kb, form="docx", language="en")))
    assert "How many people were killed" in all_text(document)
    assert "8 possible" in all_text(document)


def test_word_with_less_detail_has_no_proof(kb: Knowledge) -> None:
    text = all_text(word_of(kb, "en", detail="panel"))
    assert "Level II" in text
    assert "✓ holds" not in text
    assert "✓ holds" in all_text(word_of(kb, "en", detail="full"))


def test_word_shows_what_would_change_the_grade(kb: Knowledge) -> None:
    text = all_text(word_of(kb, "en", changes=[ChangeView("deaths: 5 → 10 or more: Level I", ("Art. 3",))]))
    assert "What would change the grade" in text
    assert "deaths: 5 → 10 or more: Level I\nArt. 3" in text


def test_word_takes_any_text(kb: Knowledge) -> None:
    data = render_document(hostile(kb, HOSTILE + "\ufffe\uffff"), kb, form="docx", language="en")
    text = all_text(docx.Document(io.BytesIO(data)))
    assert "<script>alert(1)</script>" in text
    assert not set("\x00\x07\x1b\u202e\uffff") & set(text)


@pytest.mark.parametrize(("language", "grade"), [("en", "Level II"), ("zh", "二级")])
def test_pdf_holds_the_page_as_text(language: Language, grade: str, kb: Knowledge) -> None:
    needs_font("zh")
    reader = pypdf.PdfReader(io.BytesIO(render_document(graded(kb, DEMO), kb, form="pdf", language=language)))
    text = "".join("".join(page.extract_text() for page in reader.pages).split())
    wanted = {"en": ["Hazardlevel", "Assetlife-cycle", "国家电网安监"], "zh": ["隐患等级", "暂定", "风险矩阵", "推理过程", "引用文件"]}
    assert [part for part in [grade.replace(" ", ""), *wanted[language]] if part not in text] == []
    # closed parts of the proof are open on paper
    assert "sge11.personal.3.deaths" in text
    assert 5 < len(reader.pages) < 25
    width, height = (float(x) / 72 * 25.4 for x in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (210, 297)


def test_pdf_has_title_language_tags_and_bookmarks(kb: Knowledge) -> None:
    needs_font("zh")
    reader = pypdf.PdfReader(io.BytesIO(render_document(graded(kb, DEMO), kb, form="pdf", language="zh", detail="panel")))
    root: Any = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "二级：500千伏线路下方光伏电站施工"
    assert root["/Lang"] == "zh-Hans"
    assert "/StructTreeRoot" in root
    assert reader.outline


def test_pdf_fetches_nothing(tmp_path: Any) -> None:
    picture = tmp_path / "pixel.png"
    picture.write_bytes(base64.b64decode(PIXEL))
    made = pypdf.PdfReader(io.BytesIO(pdf(f'<p>x<img src="{picture.as_uri()}" alt="none">')))
    assert len(made.pages[0].images) == 0


def test_letters_without_a_font_are_an_error_that_names_them() -> None:
    with pytest.raises(ReportError, match=r"error\[T006\]: no font of this machine has the letters \U00011C72; install a font"):
        pdf("<p>\U00011c72</p>")  # Marchen, a script of the 7th century


@pytest.mark.parametrize(("form", "package", "name"), [("docx", "docx", "python-docx"), ("pdf", "weasyprint", "weasyprint")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_package_is_named_with_its_extra(
    form: Any, package: str, name: str, language: Language, kb: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ReportError) as caught:
        render_document(graded(kb, DEMO), kb, form=form, language=language)
    (problem,) = caught.value.problems
    assert (problem.file, problem.code, problem.hint) == (name, "T005", "pip install 'dingji[documents]'")
