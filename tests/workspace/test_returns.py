"""Partners' returns in the workspace: upload, what disagrees, what was agreed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from docx import Document
from openpyxl import Workbook, load_workbook

from bettercare import Plan
from bettercare.workspace.audit.models import Entry, verify
from bettercare.workspace.programme.models import Resolution, Return
from bettercare.workspace.returns.models import Layout
from bettercare.workspace.returns.reading import MOST_KEY, key_of, safe_name

ClientAs = Callable[..., Client]
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def a_return(partner: str, plan: Plan, **sheets: list[list[Any]]) -> bytes:
    """A filled-in return: the cover and the sheets, each with its header row."""
    book = Workbook()
    cover = book.active
    cover.title = "return"
    for row in (("partner", partner), ("revision", plan.revision), ("as-of date", date(2015, 6, 30))):
        cover.append(row)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def wide(plan: Plan, beds: float, note: str = "") -> dict[str, list[list[Any]]]:
    """A sheet of beds at a site that the plan knows."""
    capacity, sites = plan.tables["capacity"], plan.tables["sites"]
    own = sites.filter(sites["provider"] == "uhl")["code"].to_list()
    here = (capacity["year"] == plan.settings.base_year) & capacity["site"].is_in(own)
    row = capacity.filter(here & capacity["basis"].str.starts_with("KH03")).row(0, named=True)
    head = ["service", "site", plan.settings.base_year, "basis", "badge", "note"]
    return {"beds": [head, [row["service"], row["site"], beds, "funded beds", "measured", note]]}


def send(client: Client, partner: str, content: bytes, name: str = "return.xlsx", **more: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type=EXCEL)
    return client.post("/triangulation/send", {"partner": partner, "file": file, **more}, follow=True)


def code_of(text: str) -> str:
    found = re.search(r'href="/triangulation/about/([^"]+)"', text)
    assert found, text
    return found[1]


def test_the_template_comes_back_as_a_return(client_as: ClientAs) -> None:
    client = client_as("contributor", "uhl")
    answer = client.get("/triangulation/templates/uhl.xlsx")
    assert answer["Content-Type"] == EXCEL and "attachment" in answer["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.content))
    assert {"return", "activity", "beds", "staff", "money", "savings"} <= set(book.sheetnames)
    assert client.get("/triangulation/templates/nobody.xlsx").status_code == 404
    cover, beds = book["return"], book["beds"]
    assert cover["A4"].value == "as-of date"
    cover["B4"] = date(2015, 6, 30)
    heads = [cell.value for cell in beds[1]]
    beds.cell(2, heads.index("2013/14") + 1, 5.0)
    beds.cell(2, heads.index("basis") + 1, "funded beds")
    out = io.BytesIO()
    book.save(out)
    assert "1 figure was read" in send(client, "uhl", out.getvalue()).content.decode()
    line = Return.objects.get(replaced=False).lines[0]
    assert (line["service"], line["site"]) == (beds["A2"].value, beds["C2"].value)
    assert (line["value"], line["basis"]) == (5.0, "funded beds")


def test_templates_are_offered_of_partners_that_have_lines(client_as: ClientAs) -> None:
    page = client_as("programme-office").get("/triangulation/send").content.decode()
    offered = set(re.findall(r'"/triangulation/templates/([^"]+)\.xlsx"', page))
    assert {"uhl", "lpt", "leicester-ccg"} <= offered
    assert not offered & {"bct-board", "healthwatch-leicester", "monitor", "scrutiny-joint"}
    assert "Partners for which the plan has no lines are left out" in page


@pytest.mark.parametrize("newest", ["\u00b2", "9" * 5000, ""])
def test_a_number_that_is_none_is_no_fault(client_as: ClientAs, llr: Plan, newest: str) -> None:
    sent = send(client_as("contributor", "uhl"), "uhl", a_return("uhl", llr, **wide(llr, 5.0)), newest=newest)
    assert "1 figure was read" in sent.content.decode()


def test_at_no_tolerance_a_small_difference_has_its_page(client_as: ClientAs, llr: Plan) -> None:
    capacity = llr.tables["capacity"]
    here = (capacity["service"] == "emergency-medical") & (capacity["site"] == "lri")
    planned = capacity.filter(here & (capacity["year"] == llr.settings.base_year))["available"][0]
    head = ["service", "site", llr.settings.base_year, "basis", "badge", "note"]
    beds = [head, ["emergency-medical", "lri", round(planned * 1.015, 2), "funded beds", "measured", ""]]
    lead = client_as("partner-lead", "uhl")
    send(lead, "uhl", a_return("uhl", llr, beds=beds))
    assert "/triangulation/about/" not in lead.get("/triangulation").content.decode()
    code = code_of(lead.get("/triangulation?tolerance=0").content.decode())
    page = lead.get(f"/triangulation/about/{code}")
    assert page.status_code == 200 and b"Who says what" in page.content
    form = {"asked": "uhl", "due": "2015-07-14", "agreed": "Close enough", "version": "0"}
    assert lead.post(f"/triangulation/agree/{code}", form).status_code == 302
    assert Resolution.objects.get().agreed == "Close enough"


def test_who_wrote_last_and_when_go_together(client_as: ClientAs, llr: Plan) -> None:
    lead = client_as("partner-lead", "uhl")
    send(lead, "uhl", a_return("uhl", llr, **wide(llr, 5.0)))
    address = f"/triangulation/agree/{code_of(lead.get('/triangulation').content.decode())}"
    form = {"asked": "uhl", "due": "2015-07-14", "agreed": "Ours", "version": "0"}
    lead.post(address, form)
    lead.post("/triangulation/layouts/uhl", {"text": "", "version": "0"})
    long_ago = datetime(2015, 7, 1, tzinfo=UTC)
    for model in (Resolution, Layout):
        model.objects.update(at=long_ago)
    lead.post(address, {**form, "agreed": "Another", "version": "1"})
    lead.post("/triangulation/layouts/uhl", {"text": "", "version": "1"})
    for model in (Resolution, Layout):
        assert model.objects.get().version == 2 and model.objects.get().at > long_ago


def test_pages_about_returns_have_the_menu_of_the_workspace(client_as: ClientAs) -> None:
    client = client_as("contributor", "uhl")
    for path in ("/triangulation", "/triangulation/send", "/triangulation/layouts/uhl"):
        assert "What needs me" in client.get(path).content.decode()


def test_a_return_is_kept_as_it_came_and_the_plan_is_not_changed(client_as: ClientAs, llr: Plan) -> None:
    content = a_return("uhl", llr, **wide(llr, 5.0))
    client = client_as("contributor", "uhl")
    text = send(client, "uhl", content, "C:\\secret\\Trust <b>return</b>.xlsx").content.decode()
    kept = Return.objects.get()
    assert bytes(kept.content) == content and not kept.replaced and len(kept.lines) == 1
    assert "<b>return" not in text and "secret" not in kept.name
    back = client.get(f"/triangulation/returns/{kept.pk}/file")
    assert back.content == content and back["X-Content-Type-Options"] == "nosniff"
    page = client.get("/triangulation").content.decode()
    assert (
        "1 figure disagrees" in page
        and "funded beds" in client.get(f"/triangulation/about/{code_of(page)}").content.decode()
    )
    assert Entry.objects.filter(action="submit-return").count() == 1


def test_all_that_is_wrong_is_said_at_once_with_its_cell(client_as: ClientAs, llr: Plan) -> None:
    good = a_return("uhl", llr, **wide(llr, 5.0))
    client = client_as("contributor", "uhl")
    send(client, "uhl", good)
    sheets = wide(llr, 5.0)
    sheets["beds"] += [["no-such-service", "lri", 3, "", "measured", ""], ["", "", "many", "", "guessed", ""]]
    sheets["beds"].append([*sheets["beds"][1][:2], "=1+1", "", "measured", ""])
    bad = a_return("uhl", llr, **sheets)
    text = send(client, "uhl", bad).content.decode()
    for words in ("sheet beds, row 3, service", "row 4", "row 5", "holds a formula", "guessed"):
        assert words in text, words
    rows = list(Return.objects.order_by("pk"))
    assert bytes(rows[1].content) == bad and rows[1].replaced and not rows[0].replaced  # the good one stays in use


def test_a_newer_return_replaces_and_the_older_can_be_used_again(client_as: ClientAs, llr: Plan) -> None:
    first, second = client_as("contributor", "uhl"), client_as("partner-lead", "uhl")
    newest = re.search(r'name="newest" value="(\d+)"', first.get("/triangulation/send").content.decode())
    assert newest
    send(second, "uhl", a_return("uhl", llr, **wide(llr, 5.0)), "theirs.xlsx")
    text = send(first, "uhl", a_return("uhl", llr, **wide(llr, 7.0)), "mine.xlsx", newest=newest[1]).content.decode()
    assert "sent theirs.xlsx while your page was open" in text
    old = Return.objects.get(name="theirs.xlsx")
    assert old.replaced
    second.post(f"/triangulation/returns/{old.pk}/use")
    assert list(Return.objects.filter(replaced=False)) == [old]


@pytest.mark.parametrize("partner", ["lpt", "nobody"])
def test_nobody_sends_for_another_partner(client_as: ClientAs, llr: Plan, partner: str) -> None:
    client = client_as("contributor", "uhl")
    assert send(client, partner, a_return("lpt", llr, **wide(llr, 5.0))).status_code == 403
    text = send(client, "uhl", a_return("lpt", llr, **wide(llr, 5.0))).content.decode()
    assert "this is the return of lpt, not of uhl" in text
    assert not Return.objects.filter(replaced=False).exists()


def bomb() -> bytes:
    """A small workbook that unpacks to more than a return can be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (210 * 1024**2))
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, part)
    return out.getvalue()


HOSTILE: dict[str, Callable[[bytes], tuple[str, bytes, str]]] = {
    "a page": lambda good: ("page.html", b"<script>alert(1)</script>", "not an Excel workbook"),
    "a page under another name": lambda good: ("r.xlsx", b"<script>alert(1)</script>", "not an Excel workbook"),
    "nothing": lambda good: ("r.xlsx", b"", "The file is empty"),
    "half a file": lambda good: ("r.xlsx", good[: len(good) // 2], "not an Excel workbook"),
    "macros": lambda good: ("r.xlsx", with_part(good, "xl/vbaProject.bin", b"x"), "holds macros"),
    "entities": lambda good: (
        "r.xlsx",
        with_part(good, "xl/extra.xml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
        "document type definition",
    ),
    "a bomb": lambda good: ("r.xlsx", bomb(), "too large"),
    "too large": lambda good: ("r.xlsx", b"PK\x03\x04" + b"0" * (11 * 1024**2), "at most 10 MB"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_words(client_as: ClientAs, llr: Plan, kind: str) -> None:
    name, content, said = HOSTILE[kind](a_return("uhl", llr, **wide(llr, 5.0)))
    answer = send(client_as("contributor", "uhl"), "uhl", content, name)
    assert answer.status_code == 200 and said in answer.content.decode()
    assert not Return.objects.filter(replaced=False).exists()
    assert "root:" not in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x=1.xlsx", "a__Set-Cookie_ x_1.xlsx"),
        ('x".xlsx', "x_.xlsx"),
        ("...", "return"),
        ("x" * 300 + ".xlsx", "x" * 120 + ".xlsx"),
    ],
)
def test_names_of_files_are_made_harmless(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_markup_and_formulas_in_a_return_stay_text(client_as: ClientAs, llr: Plan) -> None:
    sheets = wide(llr, 5.0, note="<img src=x onerror=alert(1)>")
    sheets["beds"][1][3] = "\uff1d1+1 @SUM <script>x</script>"
    client = client_as("contributor", "uhl")
    send(client, "uhl", a_return("uhl", llr, **sheets))
    page = client.get("/triangulation").content.decode()
    code = code_of(page)
    client_as("partner-lead", "uhl").post(
        f"/triangulation/agree/{code}",
        {"asked": "uhl", "due": "2015-07-14", "agreed": '=HYPERLINK("http://x")', "version": "0"},
    )
    for address in (
        "/triangulation",
        f"/triangulation/about/{code}",
        f"/triangulation/returns/{Return.objects.get().pk}",
    ):
        text = client.get(address).content.decode()
        assert "<script>x" not in text and "<img src=x" not in text
    book = load_workbook(io.BytesIO(client.get("/triangulation.xlsx").content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert any("HYPERLINK" in text for text in texts)
    assert not [text for text in texts if text.lstrip()[:1] in "=+-@\uff1d\uff0b\uff0d\uff20"]


def test_what_was_agreed_is_in_the_exports(client_as: ClientAs, llr: Plan) -> None:
    lead = client_as("partner-lead", "uhl")
    send(lead, "uhl", a_return("uhl", llr, **wide(llr, 5.0)))
    code = code_of(lead.get("/triangulation").content.decode())
    form = {"asked": "uhl", "due": "2015-07-14", "agreed": "Count funded beds", "version": "0"}
    assert lead.post(f"/triangulation/agree/{code}", form).status_code == 302
    assert "Count funded beds" in lead.get("/triangulation").content.decode()
    book = load_workbook(io.BytesIO(lead.get("/triangulation.xlsx").content))
    assert [row[3].value for row in book["agreed"].iter_rows(min_row=2)] == ["Count funded beds"]
    doc = Document(io.BytesIO(lead.get("/triangulation.docx").content))
    assert "Count funded beds" in [cell.text for cell in doc.tables[-1].rows[1].cells]


def test_the_second_of_two_who_agree_is_told_and_nothing_is_lost(client_as: ClientAs, llr: Plan) -> None:
    lead = client_as("partner-lead", "uhl")
    send(lead, "uhl", a_return("uhl", llr, **wide(llr, 5.0)))
    address = f"/triangulation/agree/{code_of(lead.get('/triangulation').content.decode())}"
    form = {"asked": "uhl", "due": "2015-07-14", "agreed": "Ours", "version": "0"}
    lead.post(address, form)
    answer = client_as("programme-office").post(address, {**form, "agreed": "Another"})
    text = answer.content.decode()
    assert answer.status_code == 409 and "Ours" in text and "Another" in text
    assert Resolution.objects.get().agreed == "Ours"
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version
    client_as("programme-office").post(address, {**form, "agreed": "Another", "version": version[1]})
    assert Resolution.objects.get().agreed == "Another"
    assert verify() == []
    changed = Entry.objects.filter(action="resolve").order_by("-number")[0]
    assert changed.before["agreed"] == "Ours" and changed.after["agreed"] == "Another"


def test_only_who_has_a_part_in_it_says_what_was_agreed(client_as: ClientAs, llr: Plan) -> None:
    send(client_as("contributor", "uhl"), "uhl", a_return("uhl", llr, **wide(llr, 5.0)))
    address = code_of(client_as("reader").get("/triangulation").content.decode())
    form = {"asked": "uhl", "due": "2015-07-14", "agreed": "x", "version": "0"}
    assert client_as("partner-lead", "emas").post(f"/triangulation/agree/{address}", form).status_code == 403
    assert client_as("contributor", "uhl").post(f"/triangulation/agree/{address}", form).status_code == 403
    assert client_as("partner-lead", "emas").post("/triangulation/agree/no-such", form).status_code == 403
    assert client_as("programme-office").post("/triangulation/agree/no-such", form).status_code == 404
    assert not Resolution.objects.exists()


def test_long_codes_of_two_years_are_kept_apart() -> None:
    one, other = (f"activity:{'x' * 150}:{year}" for year in ("2014/15", "2015/16"))
    assert key_of(one) != key_of(other) and len(key_of(one)) == MOST_KEY
    assert key_of("beds:lri:2014/15") == "beds:lri:2014/15"


def test_another_layout_is_mapped_once_and_remembered(client_as: ClientAs, llr: Plan) -> None:
    row = wide(llr, 5.0)["beds"][1]
    book = Workbook()
    sheet = book.active
    sheet.title = "Our beds"
    sheet.append(["Ward type", "Hospital", "Plan"])
    sheet.append([row[0], "The Royal", 5])
    out = io.BytesIO()
    book.save(out)
    client = client_as("contributor", "uhl")
    assert "is not the plan&#39;s template" in send(client, "uhl", out.getvalue()).content.decode()
    mapping = f"""
[[return]]
partner = "uhl"
files = "*.xlsx"
as_of = 2015-06-30
[[return.table]]
sheet = "Our beds"
item = "beds"
columns = {{ service = "Ward type", site = "Hospital" }}
years = {{ "Plan" = "{llr.settings.base_year}" }}
names.site = {{ "The Royal" = "{row[1]}" }}
"""
    wrong = client.post("/triangulation/layouts/uhl", {"text": mapping.replace("item =", "itm ="), "version": "0"})
    assert "&#34;itm&#34; is unknown" in wrong.content.decode()
    assert client.post("/triangulation/layouts/uhl", {"text": mapping, "version": "0"}).status_code == 302
    for _ in range(2):
        assert "1 figure was read" in send(client, "uhl", out.getvalue()).content.decode()
    late = client_as("partner-lead", "uhl").post("/triangulation/layouts/uhl", {"text": "mine", "version": "0"})
    assert late.status_code == 200  # "mine" is no layout; told before the other's is
    late = client_as("partner-lead", "uhl").post("/triangulation/layouts/uhl", {"text": "", "version": "0"})
    assert late.status_code == 409 and "The Royal" in late.content.decode()


@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(
    signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], llr: Plan, tmp_path: Path, width: int
) -> None:
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(a_return("uhl", llr, beds=[["service", "site", "2013/14"], ["x", "y", 1]]))
    good = tmp_path / "good.xlsx"
    good.write_bytes(a_return("uhl", llr, **wide(llr, 5.0)))
    page = signed_in_tab("partner-lead", "uhl", width=width)
    page.goto("/triangulation")
    assert faults(page) == []
    page.click("text=Send a return")
    page.click("main button")
    assert page.inner_text(".nhsuk-error-summary h2") == "There is a problem"
    assert faults(page) == []
    page.set_input_files("#id_file", bad)
    page.click("main button")
    assert "row 2, service" in page.inner_text("main")
    assert faults(page) == []
    page.goto("/triangulation/send")
    page.set_input_files("#id_file", good)
    page.click("main button")
    assert "It is in use." in page.inner_text("main")
    assert faults(page) == []
    page.goto("/triangulation")
    assert faults(page) == []
    page.click("main td a")
    page.fill("#id_agreed", "Count funded beds")
    assert faults(page) == []
    page.click("text=Write down")
    assert "Count funded beds" in page.inner_text("dl")
    assert faults(page) == []
    page.goto("/triangulation/layouts/uhl")
    assert faults(page) == []


@pytest.mark.parametrize(
    ("path", "upper", "lower"),
    [("/triangulation", "main form button", "main form + p"), ("/work/search", "#q", "main form button")],
)
def test_on_a_phone_a_button_does_not_touch_what_is_beside_it(
    signed_in_tab: Callable[..., Any], path: str, upper: str, lower: str
) -> None:
    page = signed_in_tab("contributor", "uhl", width=390)
    page.goto(path)
    one, other = page.locator(upper).bounding_box(), page.locator(lower).bounding_box()
    apart = max(other["y"] - one["y"] - one["height"], other["x"] - one["x"] - one["width"])
    assert apart >= 8
