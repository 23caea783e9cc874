from __future__ import annotations

from django.urls import path, re_path

from bettercare.workspace.public import api, data, feeds, publishing, views

urlpatterns = [
    path("", views.home, name="home"),
    path("roadmap", views.roadmap_page, name="roadmap"),
    path("initiatives", views.initiatives, name="initiatives"),
    path("initiatives/<str:code>", views.initiative_page, name="initiative"),
    path("questions", views.questions, name="questions"),
    path("decisions", views.decisions, name="decisions"),
    path("decisions/<int:pk>", views.decision, name="decision"),
    path("papers", views.papers, name="papers"),
    re_path(r"^papers/(?P<pk>\d{1,12})\.(?P<form>pdf|docx)$", views.paper_file, name="paper"),
    path("changes", views.changes, name="changes"),
    path("changes.atom", feeds.changes_feed, name="changes-feed"),
    path("data", views.data, name="data"),
    path("data/plan.zip", data.package, name="data-package"),
    path("data/plan-<str:code>.zip", data.package, name="data-revision"),
    path("data/<str:name>.csv", data.table_csv, name="data-table"),
    path("about-figures", views.about_figures, name="about-figures"),
    path("accessibility", views.accessibility, name="accessibility"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("work/publishing", publishing.publishing, name="publishing"),
    path("api/openapi.json", api.openapi, name="api-openapi"),
    path("api/plan", api.plan, name="api-plan"),
    path("api/outcomes", api.outcomes, name="api-outcomes"),
    path("api/initiatives", api.initiatives, name="api-initiatives"),
    path("api/initiatives/<str:code>", api.one_initiative, name="api-initiative"),
    path("api/roadmap", api.roadmap, name="api-roadmap"),
    path("api/questions", api.questions, name="api-questions"),
    path("api/decisions", api.decisions, name="api-decisions"),
    path("api/<path:address>", api.nowhere, name="api-nowhere"),
]
