from __future__ import annotations

from django.urls import path, re_path

from bettercare.workspace.returns import triangulation, views

urlpatterns = [
    path("triangulation", triangulation.page, name="triangulation"),
    re_path(r"^triangulation\.(?P<form>xlsx|docx)$", triangulation.export, name="triangulation-export"),
    path("triangulation/templates/<slug:partner>.xlsx", views.template, name="return-template"),
    path("triangulation/layouts/<slug:partner>", views.layout, name="return-layout"),
    path("triangulation/send", views.upload, name="return-upload"),
    path("triangulation/returns/<int:number>", views.one, name="return"),
    path("triangulation/returns/<int:number>/file", views.file, name="return-file"),
    path("triangulation/returns/<int:number>/use", views.use, name="return-use"),
    path("triangulation/agree/<path:code>", triangulation.agree, name="disagreement-agree"),
    path("triangulation/about/<path:code>", triangulation.about, name="disagreement"),
]
