"""The measure: a bare Flask route that returns a constant, on the same server with the same settings.

Started as `python -m tests.bench.bare`; reads the same environment as the hotline.
"""

import os

from flask import Flask, Response

from integrations.settings import Settings
from integrations.web_server import WebServer, metrics_dir, prepare_metrics_dir

CONSTANT = '<?xml version="1.0" encoding="UTF-8"?><Response><Say>x</Say></Response>'


def build_bare() -> Flask:
    app = Flask("bare")

    @app.post("/ivr/step")
    def step() -> Response:
        return Response(CONSTANT, content_type="text/xml; charset=utf-8")

    return app


if __name__ == "__main__":
    settings = Settings.from_env(os.environ)
    # The hotline's server counts its figures; so does this one.
    prepare_metrics_dir(metrics_dir(settings))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_dir(settings))
    WebServer(settings, build_bare).run()
