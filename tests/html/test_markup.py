from __future__ import annotations

import xml.etree.ElementTree as ET

from woodshed.html.document import Markup, element, escape, join, name_of, table


def test_text_is_escaped_and_markup_is_not() -> None:
    hostile = "<script>\"&'</script>"
    written = element("p", hostile, Markup("<b>x</b>"), title=hostile)
    root = ET.fromstring(written)
    assert root.text == hostile
    assert root.get("title") == hostile
    assert [child.tag for child in root] == ["b"]


def test_joining_and_naming_stay_markup() -> None:
    assert isinstance(join(["a", element("br")], " & "), Markup)
    assert escape(join(["<", name_of("<")], "&")) == "&lt;&amp;<bdi>&lt;</bdi>"


def test_what_xml_forbids_is_made_visible() -> None:
    assert escape("a\x00b\x1bc\udcffd\uffff") == "a\\x00b\\x1bc\\xffd\\xffff"
    ET.fromstring(element("p", "".join(map(chr, range(0x20)))))


def test_attributes_that_are_none_or_false_are_left_out() -> None:
    assert element("td", colspan=None, hidden=False, class_="a") == '<td class="a"></td>'
    assert element("button", "x", hidden=True, aria_label="y") == '<button hidden aria-label="y">x</button>'


def test_table_has_one_heading_for_each_row_and_column() -> None:
    root = ET.fromstring(table(["class", "n"], [["yes", 3], ["no", 4]], caption="Counts"))
    assert [cell.text for cell in root.iter("th")] == ["class", "n", "yes", "no"]
    assert [cell.get("scope") for cell in root.iter("th")] == ["col", "col", "row", "row"]
    assert [cell.text for cell in root.iter("td")] == ["3", "4"]
