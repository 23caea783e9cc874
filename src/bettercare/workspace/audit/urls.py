from __future__ import annotations

from django.urls import path

from bettercare.workspace.audit import views

urlpatterns = [path("audit", views.trail, name="audit")]
