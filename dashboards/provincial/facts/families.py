"""What is counted, family by family: SELECTs over the own ledger and over what cities told.

Every family gives the sums of its own measures by hour, centre, channel and subject. Parameters: `since` and `until`
(aware, whole hours), `now`, `zone` (whose hours they are) and `week` (of first-contact resolution).
"""

from __future__ import annotations

from dashboards.console.case_figures import counts_sql, in_time_sql
from dashboards.provincial.facts.family import Family, count_if, hour_of, of_calls, seconds_between, within
from dashboards.provincial.measures import ALL_SUBJECTS, CITY, MEASURES, NO_SUBJECT, OWN, PHONE, SCORES
from ivr.ledger import INBOUND
from ivr.outcome import ABANDONED_IN_QUEUE, ANSWERED, HUMAN_UNAVAILABLE, SHORT_ABANDON
from queueing.callback import CASE, LEFT, SERVED
from queueing.entries import CALL, CALLBACK
from queueing.offer import FINISHED

# What belongs to a period was written no earlier: a seat is reserved for minutes before the talk, of who is rung back.
_LOOK_BACK = "interval '1 hour'"

# The subject of a call is that of the last of its talks that has one.
_SUBJECT = """
SELECT note.subject FROM offer AS talk JOIN wrap_up AS note ON note.offer_id = talk.id
WHERE talk.call_sid = {call} AND talk.connected_at IS NOT NULL AND note.subject <> ''
ORDER BY talk.connected_at DESC, talk.id DESC LIMIT 1
"""

_CALLS = f"""
began AS MATERIALIZED (
    SELECT call_sid, first_centre, started_at, ended_at, outcome, caller_hash FROM call
    WHERE {within("started_at")} AND {INBOUND}
), places AS (
    SELECT e.call_sid, e.arrived_at, e.answered_at, greatest(e.arrived_at, c.started_at) AS stood_from,
           coalesce(e.answered_at, e.ended_at, c.ended_at) AS stood_until,
           min(e.answered_at) OVER (PARTITION BY e.call_sid) AS first_talk
    FROM centre JOIN queue_entry AS e ON e.centre = centre.code JOIN began AS c ON c.call_sid = e.call_sid
    WHERE e.joined_at BETWEEN %(since)s - {_LOOK_BACK} AND (SELECT max(ended_at) FROM began)
      AND e.kind = '{CALL}' AND c.outcome IS NOT NULL
), stood AS (
    SELECT call_sid, min(first_talk) AS first_talk,
           sum(greatest(extract(epoch FROM stood_until - stood_from), 0)) AS wait
    FROM places WHERE first_talk IS NULL OR arrived_at <= first_talk GROUP BY call_sid
), calls AS MATERIALIZED (
    SELECT {hour_of("c.started_at")} AS at, c.first_centre AS centre, '{PHONE}' AS channel, c.outcome, c.started_at,
           c.caller_hash, coalesce(noted.subject, '{NO_SUBJECT}') AS subject, s.call_sid IS NOT NULL AS entered,
           CASE WHEN c.outcome <> '{ANSWERED}' OR s.first_talk IS NOT NULL THEN s.wait END AS wait
    FROM began AS c LEFT JOIN stood AS s ON s.call_sid = c.call_sid
    LEFT JOIN LATERAL ({_SUBJECT.format(call="c.call_sid")}) AS noted
         ON coalesce(c.outcome, '{ANSWERED}') = '{ANSWERED}'
)"""
_OWN_CALLS = Family(
    OWN,
    "FROM calls",
    of_calls("entered", "wait", f"entered OR outcome IN ('{ANSWERED}', '{HUMAN_UNAVAILABLE}')"),
)
_REPEATS = Family(
    OWN,
    f"""FROM (
    SELECT at, centre, channel, subject, NOT EXISTS (
        SELECT FROM call AS later CROSS JOIN LATERAL ({_SUBJECT.format(call="later.call_sid")}) AS noted
        WHERE later.caller_hash = calls.caller_hash AND later.started_at > calls.started_at
          AND later.started_at <= calls.started_at + %(week)s AND noted.subject = calls.subject
          AND NOT starts_with(later.direction, 'outbound')) AS stayed_away
    FROM calls
    WHERE outcome = '{ANSWERED}' AND subject <> '{NO_SUBJECT}' AND caller_hash IS NOT NULL
      AND started_at <= %(now)s - %(week)s
) AS old_enough""",
    {"fcr_base": "count(*)", "fcr_resolved": count_if("stayed_away")},
)

_TALKS = f"""
legs AS MATERIALIZED (
    SELECT {hour_of("o.connected_at")} AS at, o.centre, '{PHONE}' AS channel,
           coalesce(noted.subject, '{NO_SUBJECT}') AS subject, e.kind = '{CALLBACK}' AS is_callback,
           {seconds_between("o.connected_at", "o.ended_at")} AS seconds, o.held_seconds,
           o.status = '{FINISHED}' AND (o.end_reason IS DISTINCT FROM 'caller' OR r.score IS NOT NULL) AS was_asked,
           r.score, (SELECT sum({seconds_between("i.since", "coalesce(i.until, %(now)s)")}) FROM agent_interval AS i
                     WHERE i.offer_id = o.id AND i.state = 'wrap_up') AS wrap_up
    FROM centre JOIN offer AS o ON o.centre = centre.code
    JOIN queue_entry AS e ON e.id = o.entry_id LEFT JOIN rating AS r ON r.offer_id = o.id
    LEFT JOIN LATERAL ({_SUBJECT.format(call="o.call_sid")}) AS noted ON true
    WHERE o.made_at >= %(since)s - {_LOOK_BACK} AND o.made_at < %(until)s AND {within("o.connected_at")}
      AND o.ended_at IS NOT NULL
)"""
_OWN_TALKS = Family(
    OWN,
    "FROM legs",
    {
        "legs": "count(*)",
        "callback_legs": count_if("is_callback"),
        "talk_seconds": "sum(greatest(seconds - held_seconds, 0))",
        "hold_seconds": "sum(least(held_seconds, seconds))",
        "wrap_up_seconds": "sum(greatest(coalesce(wrap_up, 0), 0))",
        "surveyed": count_if("was_asked"),
        **{name: count_if(f"score = {score}") for score, name in enumerate(SCORES, 1)},
    },
)

# Intervals of a seat follow one another: those that begin in the period, and the last one before it.
_SHIFTS = f"""
stretches AS (
    SELECT a.centre, i.state, greatest(i.since, %(since)s) AS since,
           least(coalesce(i.until, %(now)s), %(until)s, %(now)s) AS until
    FROM agent AS a CROSS JOIN LATERAL (
        SELECT state, since, until FROM agent_interval WHERE agent_id = a.id AND {within("since")}
        UNION ALL
        (SELECT state, since, until FROM agent_interval WHERE agent_id = a.id AND since < %(since)s
         ORDER BY since DESC LIMIT 1)
    ) AS i
    WHERE least(coalesce(i.until, %(now)s), %(now)s) > %(since)s
), shifts AS (
    SELECT hour AS at, s.centre, '{PHONE}' AS channel, '{ALL_SUBJECTS}' AS subject, s.state,
           {seconds_between("greatest(s.since, hour)", "least(s.until, hour + interval '1 hour')")} AS seconds
    FROM stretches AS s
    CROSS JOIN LATERAL generate_series({hour_of("s.since")}, s.until - interval '1 microsecond', '1 hour') AS hour
)"""
_OWN_SHIFTS = Family(
    OWN,
    "FROM shifts",
    {
        "handling_seconds": "coalesce(sum(seconds) FILTER (WHERE state IN ('on_call', 'hold', 'wrap_up')), 0)",
        "available_seconds": "coalesce(sum(seconds) FILTER (WHERE state IN ('available', 'reserved')), 0)",
        "break_seconds": "coalesce(sum(seconds) FILTER (WHERE state = 'break'), 0)",
        "signed_in_seconds": "sum(seconds)",
    },
)

_CASE = f"w.centre, '{PHONE}' AS channel, coalesce(w.subject, '{NO_SUBJECT}') AS subject"
_OPENED = Family(
    OWN,
    f"""FROM (
    SELECT {hour_of("w.opened_at")} AS at, {_CASE}, w.replied_at, w.reopened, w.satisfaction,
           (SELECT count(*) FROM case_event AS v WHERE v.case_id = w.id AND v.event = 'transferred') AS moves
    FROM centre JOIN work_order AS w ON w.centre = centre.code WHERE {within("w.opened_at")} AND {counts_sql()}
) AS opened""",
    {
        "cases_opened": "count(*)",
        "cases_replied": count_if("replied_at IS NOT NULL"),
        "cases_resolved": count_if("replied_at IS NOT NULL AND reopened = 0 AND coalesce(satisfaction, 1) < 4"),
        "cases_handed": count_if("moves >= 1"),
        "cases_returned": count_if("moves >= 2"),
        "cases_reworked": count_if("reopened > 0"),
    },
)
_DUE = Family(
    OWN,
    f"""FROM (
    SELECT {hour_of("w.due_at")} AS at, {_CASE}, {in_time_sql()} AS in_time
    FROM centre JOIN work_order AS w ON w.centre = centre.code
    WHERE {within("w.due_at")} AND w.due_at <= %(now)s AND {counts_sql()}
) AS due""",
    {"cases_due": "count(*)", "cases_in_time": count_if("in_time")},
)
# Those that answer a case are nobody's request.
_OWN_CALLBACKS = Family(
    OWN,
    f"""FROM (
    SELECT {hour_of("b.asked_at")} AS at, b.centre, '{PHONE}' AS channel,
           coalesce(talk.subject, '{NO_SUBJECT}') AS subject, b.ended_at, b.promised_until,
           b.end_reason IN ('{SERVED}', '{LEFT}') AND talk.began_at IS NOT NULL AS reached, talk.began_at
    FROM centre JOIN callback AS b ON b.centre = centre.code CROSS JOIN LATERAL (
        SELECT min(o.connected_at) AS began_at,
               (array_agg(w.subject ORDER BY o.connected_at DESC) FILTER (WHERE w.subject <> ''))[1] AS subject
        FROM callback_attempt AS t JOIN offer AS o ON o.entry_id = t.entry_id
        LEFT JOIN wrap_up AS w ON w.offer_id = o.id
        WHERE t.callback_id = b.id AND o.connected_at IS NOT NULL
    ) AS talk
    WHERE {within("b.asked_at")} AND (b.ended_at IS NULL OR b.ended_at >= %(since)s) AND b.source <> '{CASE}'
) AS asked""",
    {
        "callbacks_asked": "count(*)",
        "callbacks_ended": count_if("ended_at IS NOT NULL"),
        "callbacks_reached": count_if("reached"),
        "callbacks_due": count_if("promised_until <= %(now)s OR (promised_until IS NOT NULL AND ended_at IS NOT NULL)"),
        "callbacks_in_time": count_if("reached AND began_at <= promised_until"),
    },
)

_CITY_CALLS = f"""
city_calls AS MATERIALIZED (
    SELECT {hour_of("started_at")} AS at, centre, channel, subject, outcome, asked_human, wait_seconds, talk_seconds,
           hold_seconds, wrap_up_seconds, score
    FROM city_call WHERE is_current AND NOT is_withdrawn AND {within("started_at")}
)"""
_TALKED = f"outcome = '{ANSWERED}'"
# A city need not tell how long somebody stood in the line.
_STOOD = f"wait_seconds IS NOT NULL OR outcome IN ('{ABANDONED_IN_QUEUE}', '{SHORT_ABANDON}')"
_ASKED = f"asked_human OR {_STOOD} OR outcome IN ('{ANSWERED}', '{HUMAN_UNAVAILABLE}')"
_OF_CITY_CALLS = Family(
    CITY,
    "FROM city_calls",
    {
        **of_calls(_STOOD, "wait_seconds", _ASKED),
        "legs": count_if(_TALKED),
        **{
            name: f"coalesce(sum({name}) FILTER (WHERE {_TALKED}), 0)"
            for name in ("talk_seconds", "hold_seconds", "wrap_up_seconds")
        },
        "surveyed": count_if(_TALKED),
        **{name: count_if(f"{_TALKED} AND score = {score}") for score, name in enumerate(SCORES, 1)},
    },
)
# Calls say more than sums of them: of an hour for which both came the calls count, and of the sums only what no call
# tells, such as the consultants' time.
_TOLD_BY_CALLS = ",".join(_OF_CITY_CALLS.measures)
_OF_CITY_HOURS = Family(
    CITY,
    f"""FROM (
    SELECT {hour_of("h.at")} AS at, h.centre, h.channel, h.subject,
           CASE WHEN EXISTS (SELECT FROM city_calls AS c
                             WHERE c.at = {hour_of("h.at")} AND c.centre = h.centre AND c.channel = h.channel)
                THEN h.measures - '{{{_TOLD_BY_CALLS}}}'::text[] ELSE h.measures END AS measures
    FROM city_hour AS h WHERE h.is_current AND {within("h.at")}
) AS told WHERE measures <> '{{}}'""",
    {name: f"sum(coalesce((measures->>'{name}')::int, 0))" for name in MEASURES},
)
FAMILIES = (
    *(_OWN_CALLS, _REPEATS, _OWN_TALKS, _OWN_SHIFTS, _OPENED, _DUE, _OWN_CALLBACKS),
    *(_OF_CITY_CALLS, _OF_CITY_HOURS),
)
# The rows that families share, as parts of a WITH.
SHARED = f"{_CALLS},{_TALKS},{_SHIFTS},{_CITY_CALLS}"
