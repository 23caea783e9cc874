"""What the pages about returns ask for."""

from __future__ import annotations

from typing import Any

from django import forms

from bettercare.workspace.returns.quota import LARGEST_MB


class UploadForm(forms.Form):
    """A partner and its workbook."""

    partner = forms.ChoiceField(
        error_messages={"required": "Choose whose return it is.", "invalid_choice": "Choose whose return it is."}
    )
    file = forms.FileField(
        error_messages={
            "required": f"Choose a workbook (.xlsx) of at most {LARGEST_MB} MB.",
            "empty": "The file is empty.",
        }
    )

    def __init__(self, *args: Any, partners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].choices = partners

    def clean_file(self) -> Any:
        """A workbook by its name and its first bytes; the engine looks closer."""
        file = self.cleaned_data["file"]
        start = file.read(4)
        file.seek(0)
        if not file.name.lower().endswith(".xlsx") or start != b"PK\x03\x04":
            raise forms.ValidationError("This is not an Excel workbook (.xlsx). Save it again as one.")
        return file


class AgreedForm(forms.Form):
    """Who is asked by when, and what was agreed."""

    asked = forms.ChoiceField(
        error_messages={"required": "Choose who is asked.", "invalid_choice": "Choose a partner."}
    )
    due = forms.DateField(error_messages={"required": "Enter a day.", "invalid": "Enter a day, such as 2015-05-31."})
    agreed = forms.CharField(required=False, max_length=4000)
    version = forms.IntegerField(min_value=0)

    def __init__(self, *args: Any, partners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked"].choices = partners


class LayoutForm(forms.Form):
    """How a partner's own layout is read."""

    text = forms.CharField(required=False, max_length=50_000, strip=False)
    version = forms.IntegerField(min_value=0)
