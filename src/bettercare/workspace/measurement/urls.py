"""Addresses of the Nerve Centre."""

from __future__ import annotations

from django.urls import path

from bettercare.workspace.measurement import (
    views_actions,
    views_benefits,
    views_care,
    views_centre,
    views_feeds,
    views_one,
)

urlpatterns = [
    path("work/initiatives/<slug:code>/benefits", views_benefits.page, name="work-benefits"),
    path("work/initiatives/<slug:code>/benefits/propose", views_benefits.propose, name="work-benefits-propose"),
    path("nerve-centre", views_centre.page, name="nerve-centre"),
    path("nerve-centre/feeds", views_feeds.page, name="nerve-feeds"),
    path("nerve-centre/feeds/send", views_feeds.add, name="nerve-add-feed"),
    path("nerve-centre/care-plans", views_care.page, name="nerve-care-plans"),
    path("nerve-centre/care-plans/list", views_care.case_list, name="nerve-case-list"),
    path("nerve-centre/actions", views_actions.add_action, name="nerve-add-action"),
    path("nerve-centre/actions/<int:number>", views_actions.end_action, name="nerve-end-action"),
    path("nerve-centre/comments", views_actions.comment, name="nerve-comment"),
    path("nerve-centre/rebases", views_actions.rebase, name="nerve-rebase"),
    path("nerve-centre/rebases/<int:number>/withdraw", views_actions.withdraw, name="nerve-rebase-withdraw"),
    path("nerve-centre/<str:code>/data.csv", views_one.data, name="nerve-data"),
    path("nerve-centre/<str:code>", views_one.indicator, name="nerve-indicator"),
]
