"""Setting up a second factor, and spending its codes."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from markupsafe import Markup

from bettercare.workspace.accounts import totp
from bettercare.workspace.accounts.forms import CodeForm
from bettercare.workspace.accounts.lock import count_wrong, locked, locked_out
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.models import Person, SecondFactor, hashed
from bettercare.workspace.audit.models import record


def spend(request: HttpRequest, person: Person, code: str) -> bool:
    """Whether a code of the app or a recovery code is right; it is used up. A wrong one counts towards the lock."""
    right = _use_up(person, code)
    if not right:
        count_wrong(request, person)
    return right


def _use_up(person: Person, code: str) -> bool:
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(person=person, confirmed=True).first()
        if factor is None:
            return False
        step = totp.step_of(factor.secret, code, after=factor.last_step)
        if step is not None:
            factor.last_step = step
            factor.save(update_fields=["last_step"])
            return True
        used = hashed("-".join(code.strip().lower().replace("-", " ").split()))
        if used not in factor.recovery:
            return False
        factor.recovery = [kept for kept in factor.recovery if kept != used]
        factor.save(update_fields=["recovery"])
        record(str(person), "sign-in", f"person {person.pk}", after={"recovery codes left": len(factor.recovery)})
        return True


@needs("sign-in")
@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set up an app: shows the secret, and keeps it once a code of it has been typed."""
    person = request.user
    assert isinstance(person, Person)
    codes = request.session.pop("recovery_codes", None)
    factor = SecondFactor.objects.filter(person=person).first()
    if factor is not None and factor.confirmed:
        shown = {"title": "Your second factor", "codes": codes, "left": len(factor.recovery)}
        return render(request, "accounts/second_factor_done.html.j2", shown)
    if factor is None:
        factor, _ = SecondFactor.objects.get_or_create(person=person, defaults={"secret": totp.new_secret()})
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        step = totp.step_of(factor.secret, form.cleaned_data["code"])
        if step is not None:
            _confirm(request, person, factor, step)
            return redirect("second-factor")
        form.add_error("code", "The code is not right. Check that your phone's clock is, and enter the next one.")
    shown = {
        "title": "Set up a second factor",
        "form": form,
        "secret": " ".join(factor.secret[i : i + 4] for i in range(0, len(factor.secret), 4)),
        "picture": Markup(totp.picture(totp.address(factor.secret, person.email or person.username))),
        "must": person.must_have_second_factor(),
    }
    return render(request, "accounts/second_factor.html.j2", shown)


def _confirm(request: HttpRequest, person: Person, factor: SecondFactor, step: int) -> None:
    codes = totp.new_recovery_codes()
    with transaction.atomic():
        kept = SecondFactor.objects.filter(pk=factor.pk, confirmed=False)
        if not kept.update(confirmed=True, last_step=step, recovery=[hashed(code) for code in codes]):
            return
        record(str(person), "sign-in", f"person {person.pk}", after={"second factor": "set up"})
    request.session.cycle_key()
    request.session["second_factor"] = True
    request.session["recovery_codes"] = codes
    messages.success(request, "Your second factor is set up.")


@needs("sign-in")
@login_required
@require_http_methods(["POST"])
def remove(request: HttpRequest) -> HttpResponse:
    """Take one's second factor away, with a code of it; a role that asks for one will ask for a new one."""
    person = request.user
    assert isinstance(person, Person)
    if locked(request, person):
        return locked_out(request)
    if not spend(request, person, request.POST.get("code", "")):
        messages.error(request, "The code is not right. Your second factor is as it was.")
        return redirect("second-factor")
    with transaction.atomic():
        SecondFactor.objects.filter(person=person).delete()
        record(str(person), "sign-in", f"person {person.pk}", after={"second factor": "removed"})
    request.session["second_factor"] = False
    messages.success(request, "Your second factor was removed.")
    return redirect("second-factor")
