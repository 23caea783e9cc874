from __future__ import annotations

from django.urls import path, re_path

from bettercare.workspace.papers import publishing, views

urlpatterns = [
    path("meetings", views.meetings, name="meetings"),
    path("meetings/<int:number>", views.meeting, name="meeting"),
    path("meetings/<int:number>/items", views.add_item, name="meeting-add-item"),
    path("meetings/<int:number>/items/<int:item>", views.change_item, name="meeting-item"),
    path("meetings/<int:number>/preview", views.preview, name="meeting-preview"),
    path("meetings/<int:number>/draft.pdf", views.draft, {"form": "pdf"}, name="meeting-draft-pdf"),
    path("meetings/<int:number>/draft.docx", views.draft, {"form": "docx"}, name="meeting-draft-docx"),
    path("meetings/<int:number>/publish", publishing.publish, name="meeting-publish"),
    re_path(r"^papers/(?P<kind>summary|next-steps)\.(?P<form>pdf|docx)$", views.of_plan, name="plan-paper"),
    path("papers/<int:number>.pdf", views.frozen, {"form": "pdf"}, name="work-paper-pdf"),
    path("papers/<int:number>.docx", views.frozen, {"form": "docx"}, name="work-paper-docx"),
]
