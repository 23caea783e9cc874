"""What the pages about meetings ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from bettercare.workspace.papers.making import OWN_WORDS
from bettercare.workspace.papers.models import Meeting

DETAILS = (
    "venue", "title", "item_number", "report_of", "officer_name", "officer_job_title", "officer_telephone",
    "officer_email", "background_papers",
)  # fmt: skip
DAY = {"required": "Enter the day of the meeting.", "invalid": "Enter a day, such as 2018-09-27."}


class MeetingForm(forms.Form):
    """Board, day and place; in the full form also what stands at the head and the end of a paper."""

    board = forms.ChoiceField(required=False)
    other = forms.CharField(required=False, max_length=200)
    on = forms.DateField(error_messages=DAY)
    venue = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, boards: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["board"].choices = [("", "Another board"), *boards]

    def clean(self) -> dict[str, Any]:
        """A board of the list, or a name."""
        data = super().clean() or {}
        data["board"] = data.get("board") or data.pop("other", "").strip()
        if not data["board"] and "board" not in self.errors:
            self.add_error("board", "Choose a board, or write its name.")
        return data


class DetailsForm(MeetingForm):
    """All that is asked of a meeting that is there."""

    title = forms.CharField(required=False, max_length=200)
    item_number = forms.CharField(required=False, max_length=20)
    report_of = forms.CharField(required=False, max_length=200)
    officer_name = forms.CharField(required=False, max_length=120)
    officer_job_title = forms.CharField(required=False, max_length=120)
    officer_telephone = forms.CharField(required=False, max_length=40)
    officer_email = forms.EmailField(required=False, error_messages={"invalid": "Enter an email address."})
    background_papers = forms.CharField(required=False, max_length=4000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in OWN_WORDS:
            self.fields[f"words_{code}"] = forms.CharField(required=False, max_length=8000)

    def values(self) -> dict[str, Any]:
        """The fields of the meeting."""
        data = self.cleaned_data
        words = {code: data[f"words_{code}"].replace("\r\n", "\n") for code in OWN_WORDS}
        kept = {name: data[name] for name in ("board", "on", *DETAILS)}
        return {**kept, "words": {code: text for code, text in words.items() if text.strip()}}


def details_of(meeting: Meeting, boards: list[tuple[str, str]]) -> dict[str, Any]:
    """What the form of a meeting begins with."""
    listed = meeting.board in dict(boards)
    start = {name: getattr(meeting, name) for name in ("on", *DETAILS)}
    words = {f"words_{code}": meeting.words.get(code, "") for code in OWN_WORDS}
    return {**start, **words, "board": meeting.board if listed else "", "other": "" if listed else meeting.board}


class ItemForm(forms.Form):
    """Something to note, approve or decide."""

    verb = forms.ChoiceField(
        choices=[("note", "Note"), ("approve", "Approve"), ("decide", "Decide")],
        error_messages={"required": "Choose note, approve or decide."},
    )
    proposal = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    initiative = forms.ChoiceField(required=False)
    text = forms.CharField(required=False, max_length=2000)

    def __init__(
        self, *args: Any, initiatives: list[tuple[str, str]], proposals: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["initiative"].choices = [("", "None"), *initiatives]
        self.fields["proposal"].choices = [("", "None"), *proposals]
        self.titles = dict(proposals)

    def clean(self) -> dict[str, Any]:
        """One of the three; a proposal says its title where nothing else is written."""
        data = super().clean() or {}
        number = data.get("proposal")
        if number and not data.get("text"):
            data["text"] = self.titles[number]
        if not self.errors and not (data.get("text") or data.get("initiative")):
            self.add_error("text", "Write what the board is asked, or choose a proposal or an initiative.")
        return data


class PublishForm(forms.Form):
    """From when the paper is public, and that staff were told first."""

    reach = forms.ChoiceField(choices=[("published", "Public"), ("exempt", "Exempt")])
    public_from = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"required": "Enter the day and time.", "invalid": "Enter a day and time."},
    )
    staff_told = forms.BooleanField(required=False)
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("public_from", timezone.localtime())
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """What is exempt needs a reason; what is public, that staff are told first."""
        data = super().clean() or {}
        if data.get("reach") == "exempt" and not data.get("reason", "").strip():
            self.add_error("reason", "Say why the paper is exempt.")
        if data.get("reach") == "published" and not data.get("staff_told"):
            self.add_error("staff_told", "Staff hear it first. Tick the box once they were told, or will be by then.")
        return data
