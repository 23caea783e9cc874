"""The workspace as a WSGI application, for a real application server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from bettercare.workspace import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettercare.workspace.settings")
memory.share()
application = get_wsgi_application()
