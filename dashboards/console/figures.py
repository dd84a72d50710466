"""A consultant's own figures of today, each with its definition, for many agents in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboards.call_counts import shanghai_day

# Shown beside the figures. All count from midnight on the Shanghai clock.
DEFINITIONS = {
    "answered": "今天接通的来电和回电，转来的和转走的都算，每接通一次算一个。",
    "talk_seconds_mean": "今天结束的通话，从接通到结束平均多长，保持的时间也算。",
    "wrap_up_seconds_mean": "今天做完的话后整理，平均每个来电多长。",
    "missed": "振铃到时间没有接的来电。",
    "rejected": "自己拒接的来电。",
    "break_seconds": "今天休息的时间合计，用餐、培训、会议、小休都算。",
    "signed_in_seconds": "今天签入的时间合计，各种状态加起来正好是它。",
    "rating_mean": "今天来电人按键评价的平均分，1 非常满意，5 非常不满意，越小越好；没有评价的不算。",
    "ratings": "今天有多少来电人作了评价。",
}
# A talk or shift that began yesterday may end today.
_LOOK_BACK = timedelta(days=1)

# Whole seconds are cut at the instants, so that adjoining intervals add up to their shift.
FIGURES = """
SELECT agent.id, coalesce(o.answered, 0), o.talk_mean, i.wrap_up_mean, coalesce(o.missed, 0), coalesce(o.rejected, 0),
       coalesce(i.break_seconds, 0), coalesce(i.signed_in_seconds, 0), r.mean, coalesce(r.ratings, 0)
FROM unnest(%(agents)s::int[]) AS agent(id)
LEFT JOIN (
    SELECT agent_id,
           count(*) FILTER (WHERE connected_at >= %(midnight)s) AS answered,
           avg(extract(epoch FROM ended_at - connected_at))
               FILTER (WHERE connected_at IS NOT NULL AND ended_at >= %(midnight)s) AS talk_mean,
           count(*) FILTER (WHERE status = 'missed' AND ended_at >= %(midnight)s) AS missed,
           count(*) FILTER (WHERE status = 'rejected' AND ended_at >= %(midnight)s) AS rejected
    FROM offer WHERE agent_id = ANY(%(agents)s) AND made_at >= %(earliest)s GROUP BY agent_id
) o ON o.agent_id = agent.id
LEFT JOIN (
    SELECT agent_id,
           sum(seconds) AS signed_in_seconds,
           sum(seconds) FILTER (WHERE state = 'break') AS break_seconds,
           sum(whole) FILTER (WHERE state = 'wrap_up' AND until IS NOT NULL)
               / nullif(count(DISTINCT offer_id) FILTER (WHERE state = 'wrap_up' AND until IS NOT NULL), 0)
               AS wrap_up_mean
    FROM (
        SELECT agent_id, state, offer_id, until,
               floor(extract(epoch FROM coalesce(until, %(now)s))) - floor(extract(epoch FROM since)) AS whole,
               floor(extract(epoch FROM coalesce(until, %(now)s)))
                   - floor(extract(epoch FROM greatest(since, %(midnight)s))) AS seconds
        FROM agent_interval
        WHERE agent_id = ANY(%(agents)s) AND (until IS NULL OR (until >= %(midnight)s AND since >= %(earliest)s))
    ) AS stretch GROUP BY agent_id
) i ON i.agent_id = agent.id
LEFT JOIN (
    SELECT agent_id, avg(score) AS mean, count(*) AS ratings
    FROM rating WHERE agent_id = ANY(%(agents)s) AND at >= %(midnight)s GROUP BY agent_id
) r ON r.agent_id = agent.id
"""


def figure_values(agents: Sequence[int], now: datetime) -> dict[str, Any]:
    """The values that FIGURES needs."""
    midnight, _ = shanghai_day(now)
    return {"agents": list(agents), "now": now, "midnight": midnight, "earliest": midnight - _LOOK_BACK}


def figures_of(row: Sequence[Any]) -> Mapping[str, Any]:
    """A row of FIGURES as the console shows it; seconds are whole, a mean of nothing is None."""
    _, answered, talk, wrap_up, missed, rejected, break_seconds, signed_in_seconds, rating, ratings = row
    return {
        "answered": answered,
        "talk_seconds_mean": None if talk is None else round(talk),
        "wrap_up_seconds_mean": None if wrap_up is None else round(wrap_up),
        "missed": missed,
        "rejected": rejected,
        "break_seconds": int(break_seconds),
        "signed_in_seconds": int(signed_in_seconds),
        "rating_mean": None if rating is None else round(float(rating), 2),
        "ratings": ratings,
    }
