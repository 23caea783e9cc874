"""Addresses of the workspace's programme pages, all under /work/."""

from __future__ import annotations

from django.urls import path

from bettercare.workspace.programme import (
    views_delivery,
    views_gates,
    views_home,
    views_initiative,
    views_proposals,
    views_roadmap,
    views_slip,
)

urlpatterns = [
    path("", views_home.home, name="work-home"),
    path("roadmap", views_roadmap.whole_roadmap, name="work-roadmap"),
    path("search", views_home.search, name="work-search"),
    path("initiatives/<slug:code>", views_initiative.initiative, name="work-initiative"),
    path("initiatives/<slug:code>/slip", views_slip.slip, name="work-slip"),
    path("initiatives/<slug:code>/propose", views_slip.propose, name="work-propose"),
    path("initiatives/<slug:code>/gates", views_gates.gates, name="work-gates"),
    path("initiatives/<slug:code>/gates/<slug:criterion>", views_gates.assure, name="work-assure"),
    path("initiatives/<slug:code>/risks", views_delivery.add_risk, name="work-add-risk"),
    path("milestones/<slug:code>", views_delivery.progress, name="work-progress"),
    path("risks/<int:number>", views_delivery.edit_risk, name="work-risk"),
    path("comments", views_delivery.comment, name="work-comment"),
    path("proposals", views_proposals.proposals, name="work-proposals"),
    path("proposals/<int:number>", views_proposals.proposal, name="work-proposal"),
    path("proposals/<int:number>/endorse", views_proposals.endorse, name="work-endorse"),
    path("proposals/<int:number>/rebase", views_proposals.rebase, name="work-rebase"),
    path("proposals/<int:number>/decide", views_proposals.decide, name="work-decide"),
]
