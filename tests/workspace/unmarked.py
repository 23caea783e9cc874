"""A URL configuration with a view that says no action."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

from bettercare.workspace.urls import urlpatterns as known

urlpatterns = [path("unmarked", lambda request: HttpResponse("secret")), *known]
