"""What the line counts for monitoring; personal data never becomes a label."""

from prometheus_client import Counter, Histogram

WEBHOOKS = Counter("ivr_webhooks_total", "Webhooks by kind of event and what became of them", ["kind", "result"])
STEP_SECONDS = Histogram(
    "ivr_step_seconds",
    "Time from a webhook's arrival to its document",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
CALLS_ENDED = Counter("ivr_calls_ended_total", "Calls ended, by outcome and who said so", ["outcome", "reason"])
UNKNOWN_STATUSES = Counter("ivr_unknown_statuses_total", "Statuses outside the carrier's contract")
OUTAGES = Counter("ivr_outages_total", "Webhooks answered without the database", ["kind"])
FORGED = Counter("ivr_unsigned_requests_total", "Requests refused for their signature")
