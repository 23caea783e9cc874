"""All pages. Each view says which action of the permission table it is (`needs`); one that does not is refused."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("bettercare.workspace.public.urls")),
    path("", include("bettercare.workspace.accounts.urls")),
    path("", include("bettercare.workspace.returns.urls")),
    path("", include("bettercare.workspace.measurement.urls")),
    path("work/", include("bettercare.workspace.audit.urls")),
    path("work/", include("bettercare.workspace.programme.urls")),
    path("work/", include("bettercare.workspace.papers.urls")),
]

handler400 = "bettercare.workspace.errors.bad_request"
handler403 = "bettercare.workspace.errors.not_allowed"
handler404 = "bettercare.workspace.errors.not_found"
handler500 = "bettercare.workspace.errors.failed"
