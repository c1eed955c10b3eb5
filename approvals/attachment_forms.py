"""The field that takes evidence: several files at once, each looked into before anything is kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals import attachments
from approvals.attachments import File
from creditrisk.refusal import Refused


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files of evidence; cleans to a list of what was looked into."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Evidence"))
        options.setdefault("required", False)
        options.setdefault("help_text", gettext_lazy("PDF, picture, Office, text or XML; up to 5 files of 10 MB."))
        options.setdefault("widget", FilesInput(attrs={"accept": ",".join(sorted(attachments.KINDS))}))
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> list[File]:
        sent = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if len(sent) > attachments.MOST_FILES:
            raise forms.ValidationError(_("At most %(most)d files at once.") % {"most": attachments.MOST_FILES})
        if self.required and not sent:
            raise forms.ValidationError(_("Choose a file."), code="required")
        found, wrong = [], []
        for file in sent:
            # What is too large is not read whole.
            content = file.read(attachments.MOST_BYTES + 1)
            try:
                found.append(attachments.checked(file.name, content))
            except Refused as error:
                wrong.append(forms.ValidationError(str(error), code="kind"))
        if wrong:
            raise forms.ValidationError(wrong)
        return found


class AttachForm(forms.Form):
    """More evidence for a request."""

    files = FilesField(required=True)
    note = forms.CharField(label=gettext_lazy("What it is"), required=False, max_length=300)
