"""Partners' returns: template, upload, what was sent."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bettercare import UsageError
from bettercare.reporting.text import counted
from bettercare.reporting.triangulation_template import write_templates
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.people import partner_names
from bettercare.workspace.audit.models import record
from bettercare.workspace.pages import whole
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme.models import Return
from bettercare.workspace.returns.forms import LayoutForm, UploadForm
from bettercare.workspace.returns.models import Layout
from bettercare.workspace.returns.reading import problems_of_layout, read_one, safe_name, templates_of

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file that a browser saves and never shows as a page of ours."""
    answer = HttpResponse(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _of_post(request: HttpRequest) -> str | None:
    return request.POST.get("partner")


def _of_path(request: HttpRequest, partner: str) -> str:
    return partner


def _of_return(request: HttpRequest, number: int) -> str:
    return get_object_or_404(Return.objects.only("partner"), pk=number).partner


def mine(request: HttpRequest) -> list[tuple[str, str]]:
    """The partners that somebody may send a return for, with their names."""
    names = partner_names()
    return [(code, names[code]) for code in request.user.partners_for("submit-return", list(names))]


@needs("view-returns")
@require_GET
def template(request: HttpRequest, partner: str) -> HttpResponse:
    """The partner's template, made from the plan."""
    if partner not in partner_names():
        raise Http404
    with TemporaryDirectory() as folder:
        try:
            paths = write_templates(plan_of(current()), folder, partners=[partner])
        except UsageError:
            paths = []
        if not paths:
            messages.error(request, "The plan has no lines for this partner to fill in.")
            return redirect("triangulation")
        return attachment(Path(paths[0]).read_bytes(), f"return-{partner}.xlsx", EXCEL)


@needs("submit-return", partner_of=_of_post)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a return in. It is kept as it came, whatever is wrong with it, and used once nothing is."""
    form = UploadForm(request.POST if request.method == "POST" else None, request.FILES or None, partners=mine(request))
    if request.method == "POST" and form.is_valid():
        number = _take(request, form)
        return redirect("return", number=number)
    newest = Return.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    has_lines = templates_of(plan_of(current()))
    partners = mine(request)
    with_lines = [(code, name) for code, name in partners if code in has_lines]
    shown = {"form": form, "newest": newest, "partners": partners, "with_lines": with_lines}
    return render(request, "returns/upload.html.j2", {"title": "Send a return", **shown})


def _take(request: HttpRequest, form: UploadForm) -> int:
    partner, file = form.cleaned_data["partner"], form.cleaned_data["file"]
    name, content = safe_name(file.name), file.read()
    lines, problems, good = read_one(plan_of(current()), partner, name, content)
    seen = whole(request.POST.get("newest"))
    with transaction.atomic():
        after = {"file": name, "bytes": len(content), "lines": len(lines), "problems": len(problems), "in use": good}
        record(str(request.user), "submit-return", f"return of {partner}", after=after)  # also the lock of two at once
        before = Return.objects.filter(partner=partner, replaced=False).defer("content", "lines").first()
        if good:
            Return.objects.filter(partner=partner, replaced=False).update(replaced=True)
        made = Return.objects.create(
            partner=partner, name=name, content=content, lines=lines, problems=problems, by=str(request.user),
            replaced=not good,
        )  # fmt: skip
    if good and before is not None and seen is not None and before.pk > seen:
        messages.warning(
            request,
            f"{before.by} sent {before.name} while your page was open. Yours is used now. "
            "Theirs is kept, and can be used again from its page.",
        )
    return made.pk


@needs("view-returns")
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A return: what was read from it, what is wrong with it."""
    found = get_object_or_404(Return.objects.defer("content"), pk=number)
    names = partner_names()
    shown = {
        "found": found,
        "counted": counted,
        "partner": names.get(found.partner, found.partner),
        "may_use": found.replaced and found.lines and found.partner in [code for code, _ in mine(request)],
        "others": Return.objects.filter(partner=found.partner).exclude(pk=number).only("name", "at", "replaced")[:20],
    }
    return render(request, "returns/one.html.j2", {"title": f"Return of {shown['partner']}", **shown})


@needs("view-returns")
@require_GET
def file(request: HttpRequest, number: int) -> HttpResponse:
    """The file as it came."""
    found = get_object_or_404(Return.objects.only("name", "content"), pk=number)
    return attachment(bytes(found.content), found.name, EXCEL)


@needs("submit-return", partner_of=_of_return)
@require_POST
def use(request: HttpRequest, number: int) -> HttpResponse:
    """Use an earlier return again."""
    with transaction.atomic():
        found = get_object_or_404(Return.objects.defer("content"), pk=number)
        if found.lines:
            record(str(request.user), "submit-return", f"return of {found.partner}", after={"in use": found.name})
            Return.objects.filter(partner=found.partner, replaced=False).update(replaced=True)
            Return.objects.filter(pk=number).update(replaced=False)
    messages.success(request, "This return is in use." if found.lines else "This return holds no figures to use.")
    return redirect("return", number=number)


@needs("submit-return", partner_of=_of_path)
@require_http_methods(["GET", "POST"])
def layout(request: HttpRequest, partner: str) -> HttpResponse:
    """How a partner's own layout is read: written once, used for every return that it sends."""
    names = partner_names()
    if partner not in names:
        raise Http404
    kept = Layout.objects.filter(partner=partner).first()
    start = {"text": kept.text if kept else "", "version": kept.version if kept else 0}
    form = LayoutForm(request.POST if request.method == "POST" else None, initial=start)
    problems: list[str] = []
    theirs, status = None, 200
    if request.method == "POST" and form.is_valid():
        text, version = form.cleaned_data["text"].replace("\r\n", "\n"), form.cleaned_data["version"]
        problems = problems_of_layout(text, partner) if text.strip() else []
        if not problems:
            if _save_layout(request, partner, text, version):
                messages.success(request, "The layout is kept, and used for the next return.")
                return redirect("return-upload")
            theirs, status = Layout.objects.get(partner=partner), 409
    version = theirs.version if theirs else start["version"]
    shown = {"form": form, "problems": problems, "theirs": theirs, "version": version, "partner": partner}
    title = f"Layout of {names[partner]}"
    return render(request, "returns/layout.html.j2", {"title": title, **shown}, status=status)


def _save_layout(request: HttpRequest, partner: str, text: str, version: int) -> bool:
    """Keep it, unless somebody else did since."""
    with transaction.atomic():
        before = Layout.objects.filter(partner=partner).first()
        if (before.version if before else 0) != version:
            return False
        record(
            str(request.user), "submit-return", f"layout of {partner}",
            before=before.text if before else None, after=text,
        )  # fmt: skip
        if before is None:
            _, new = Layout.objects.get_or_create(partner=partner, defaults={"text": text, "by": str(request.user)})
        else:
            same = Layout.objects.filter(pk=before.pk, version=version)
            new = bool(same.update(text=text, by=str(request.user), at=timezone.now(), version=version + 1))
        if not new:
            transaction.set_rollback(True)
        return new
