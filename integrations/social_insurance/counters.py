"""What the connectors count for monitoring: systems and kinds of answers, never whom they were about."""

from prometheus_client import Counter, Histogram

ANSWERS = Counter(
    "social_insurance_answers_total",
    "Questions to business systems by what became of them",
    ["system", "kind", "result", "reason"],
)
SECONDS = Histogram(
    "social_insurance_seconds",
    "Time a business system took to answer, or to be given up",
    ["system", "kind"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 6, 8, 12),
)
RETRIES = Counter("social_insurance_retries_total", "Questions asked once more after a broken connection", ["system"])
RESTS = Counter("social_insurance_rests_total", "Questions not asked because the system rests", ["system"])
