from __future__ import annotations

from django.urls import path

from bettercare.workspace.accounts import invitations, oidc_views, people, second_factor, views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-in/code", views.sign_in_code, name="sign-in-code"),
    path("sign-in/elsewhere", oidc_views.begin, name="oidc-begin"),
    path("sign-in/elsewhere/done", oidc_views.finish, name="oidc-finish"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("account", views.account, name="account"),
    path("account/second-factor", second_factor.second_factor, name="second-factor"),
    path("account/second-factor/remove", second_factor.remove, name="second-factor-remove"),
    path("invitations/<str:token>", invitations.accept, name="invitation"),
    path("work/acting", people.acting, name="acting"),
    path("work/people", people.people, name="people"),
    path("work/people/invitations/<int:number>/withdraw", people.withdraw, name="invitation-withdraw"),
    path("work/people/roles/<int:number>", people.dates, name="role-dates"),
    path("work/people/<int:number>", people.person, name="person"),
    path("work/people/<int:number>/active", people.close, name="person-active"),
    path("work/people/<int:number>/password", people.new_password, name="person-password"),
]
