"""/healthz, /readyz and /metrics: for load balancers, operators and Prometheus."""

from pathlib import Path

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from dashboards.dependency_checks import DependencyChecks, summarise
from dashboards.guards import operators_only, public
from integrations.services import Services

REQUEST_SECONDS = Histogram(
    "hotline_http_request_seconds",
    "Time to answer a request, by endpoint and class of status.",
    ("endpoint", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)


def observe_request(endpoint: str | None, status_code: int, seconds: float) -> None:
    """Count a request; endpoints are a fixed set, addresses are not."""
    REQUEST_SECONDS.labels(endpoint or "none", f"{status_code // 100}xx").observe(seconds)


def health_blueprint(services: Services, figures_dir: Path | None) -> Blueprint:
    """The three addresses; `figures_dir` is where several web processes share their figures."""
    bp = Blueprint("health", __name__)
    checks = DependencyChecks(services)

    @bp.get("/healthz")
    @public
    def healthz() -> Response:
        """This process answers; nothing else is asked."""
        return jsonify(status="ok")

    @bp.get("/readyz")
    @public
    def readyz() -> tuple[Response, int]:
        """The state of everything we need; 503 only when callers cannot be served."""
        states = checks.run()
        status, note = summarise(states)
        return jsonify(status=status, note=note, **states), 503 if status == "down" else 200

    @bp.get("/metrics")
    @operators_only
    def metrics() -> Response:
        """Figures of all web processes in Prometheus' format."""
        text = generate_latest(_registry(figures_dir)) + generate_latest(_states_registry(checks))
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return bp


def _registry(figures_dir: Path | None) -> CollectorRegistry:
    if figures_dir is None:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(figures_dir))
    return registry


def _states_registry(checks: DependencyChecks) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_StatesCollector(checks))  # type: ignore[arg-type]
    return registry


class _StatesCollector:
    """The dependency states, read when Prometheus asks."""

    def __init__(self, checks: DependencyChecks) -> None:
        self._checks = checks

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("hotline_dependency_up", "1 when it works.", labels=["name"])
        for name, state in self._checks.run().items():
            family.add_metric([name], 1.0 if state["state"] == "ok" else 0.0)
        return [family]
