"""The address book: each room lists its own endpoints, everything else is the front end's page."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from annotate import pages

urlpatterns = [
    # First, since annotators ask here all day.
    path("api/", include("annotate.ranking.urls")),
    path("api/", include("annotate.accounts.urls")),
    path("api/", include("annotate.prompts.urls")),
    path("api/", include("annotate.rounds.urls")),
    path("api/", include("annotate.chat.urls")),
    path("api/", include("annotate.quality.urls")),
    path("api/", include("annotate.datasets.urls")),
    path("api/", include("annotate.loop.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    re_path("^api/", pages.api_unknown),
    path("healthz", pages.healthz),
    path("readyz", pages.readyz),
    path("sw.js", pages.service_worker),
    re_path("^(?!static/|ws/)", pages.single_page),
]

handler500 = "annotate.errors.server_error"
