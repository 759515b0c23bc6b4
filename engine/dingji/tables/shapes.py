"""The shape of mapping files."""

from __future__ import annotations

from typing import Any

import yaml

from dingji import shapes as s
from dingji.cases.shapes import SURVEY
from dingji.records import Record
from dingji.shapes import Either, Key, Kind, ListOf, MapOf, Reader, Schema, Shape


class Several(Record, frozen=True):
    """One value of a kind, or a list of them: always read as a list."""

    item: Kind

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        """The values that were not refused."""
        if isinstance(node, yaml.SequenceNode):
            return ListOf(self.item).read(node, reader)
        value = self.item.read(node, reader)
        return None if value is None else [value]

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        """Either of the two forms."""
        one = self.item.schema(definitions)
        return {"anyOf": [one, {"type": "array", "items": one}]}


_CELLS = {
    "values": Key(MapOf(s.Raw({"type": ["string", "number", "boolean"]}), s.TEXT), "text of a cell -> the value that it means"),
    "unknown": Key(ListOf(s.TEXT), "texts which say that nobody knows, besides those of the whole mapping"),
    "date": Key(s.TEXT, "the form of days if it is none of the usual ones, such as %d/%m/%Y"),
}
_NUMBERS = {
    "unit": Key(s.TEXT, "the unit of the numbers in the column; it must be that of the fact, unless `times` converts them"),
    "times": Key(s.NUMBER_KIND, "multiplies the numbers of the column: 10000 for 万元, where the fact is in yuan"),
    "decimal": Key(s.Choice((".", ",")), "the sign before the decimals"),
}
FACT_COLUMN = Shape(
    "fact_column",
    {"fact": Key(s.NAME, "the fact that the column states", required=True), **_CELLS, **_NUMBERS},
    "A column that states a fact.",
)
FIELD_COLUMN = Shape(
    "field_column", {"column": Key(s.TEXT, "the header of the column", required=True), **_CELLS, **_NUMBERS}, "A field of a record."
)
GIVEN = Shape(
    "given",
    {"column": Key(s.TEXT, "the header of the column"), "constant": Key(s.TEXT, "the same for every row"), **_CELLS},
    "A column, or what holds for every row.",
)
OFFICIAL = Shape("official_column", {"scale": Key(s.IDENT, "the scale of the grade", required=True), **GIVEN.keys}, "The official grade.")
OPINION = Shape(
    "opinion_column",
    {
        "column": Key(s.TEXT, "the header of the column", required=True),
        "rater": Key(s.IDENT, "who grades", required=True),
        "round": Key(s.INTEGER, "round of the survey, from 1; 1 if left out"),
        "values": _CELLS["values"],
        "unknown": _CELLS["unknown"],
    },
    "A column with the grades that one rater gave in one round.",
)
LIST = Shape(
    "list_columns",
    {
        "records": Key(ListOf(MapOf(Either(s.TEXT, FIELD_COLUMN), s.NAME)), "for each record: field -> column"),
        "count": Key(s.TEXT, "the header of the column with the number of records; 0 says that there are none"),
        "complete": Key(s.BOOL, "false if there may be more records than the table has columns for"),
    },
    "A list fact, a record for each group of columns.",
)
_HEADER = Either(s.TEXT, GIVEN)
_FACTS = Several(Either(s.NAME, FACT_COLUMN))
MAPPING = Shape(
    "mapping_file",
    {
        "mapping": Key(s.IDENT, "id of the mapping", required=True),
        "note": Key(s.TEXT),
        "sheet": Key(s.TEXT, "the sheet of a workbook; by default the first that is not hidden"),
        "header": Key(s.COUNT, "the row of the headers; 1 if left out"),
        "encoding": Key(s.TEXT, "the encoding of a CSV file, if it can't be told: utf-8, gb18030, ..."),
        "delimiter": Key(s.Raw({"type": "string"}), "the sign between the cells of a CSV file"),
        "merged": Key(s.Choice(("repeat",)), "repeat: each cell of a merged range has the value of the range"),
        "case": Key(s.TEXT, "the column with the id of the case; by default cases are named after their rows"),
        "subject": Key(_HEADER, "what is graded", required=True),
        "as_of": Key(_HEADER, "the day of the facts"),
        "title": Key(s.TEXT, "the column with the title"),
        "profile": Key(_HEADER, "the profile under which a case is graded"),
        "official": Key(OFFICIAL, "the official grade"),
        "survey": Key(SURVEY, "how the experts were asked; it says on which scale they grade"),
        "opinions": Key(ListOf(OPINION), "the columns with experts' grades"),
        "group": Key(MapOf(_HEADER), "what reports group by: party, discipline, county, ..."),
        "values": Key(MapOf(s.BOOL, s.TEXT), "texts which mean true or false in every column, such as √"),
        "unknown": Key(ListOf(s.TEXT), "texts which say that nobody knows, in every column"),
        "columns": Key(MapOf(_FACTS, s.TEXT), "header -> the fact that the column states (a list if it states several)"),
        "constants": Key(MapOf(s.Raw(), s.NAME), "facts that hold for every row"),
        "lists": Key(MapOf(LIST, s.NAME), "list facts, from groups of columns"),
    },
    "From the columns of a table to facts.",
)
