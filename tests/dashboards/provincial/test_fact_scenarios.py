"""What happened, as tables of rows, and the facts that it makes."""

import pytest

from integrations.database import Database
from tests.dashboards.provincial.ledger_tables import Ledger


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def test_a_call_belongs_to_the_hour_and_the_day_in_which_it_began(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller    centre  began           ended           outcome
        CA1   Wang Fang  合肥    11-20 23:58:10  11-21 00:12:00  answered
        CA2   Li Qiang   合肥    11-21 00:00:00  11-21 00:01:00  self_served
        CA3   Li Qiang   合肥    11-21 08:59:59  11-21 10:20:00  answered
    """)
    ledger.build("11-20", "11-21")
    ledger.shows("""
        at        centre  received  answered  self_served
        11-20 23  合肥     1         1         0
        11-21 00  合肥     1         0         1
        11-21 08  合肥     1         1         0
    """)
    ledger.shows(
        """
        at     centre  received  answered  self_served
        11-20  合肥     1         1         0
        11-21  合肥     2         1         1
        """,
        grain="day",
    )


def test_a_call_over_the_end_of_the_month_belongs_to_the_month_it_began_in(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   Wang    合肥    11-30 23:59:59  12-01 00:30:00  voicemail
        CA2   Wang    合肥    12-01 00:00:00  12-01 00:30:00  voicemail
    """)
    ledger.build("11-30", "12-01")
    # 30 November is a Monday, whose first one of the month is the 2nd; 1 December is the first Tuesday of its own.
    ledger.shows(
        """
        at        centre  received  voicemail
        11-02 23  合肥     1         1
        12-01 00  合肥     1         1
        """,
        grain="cell",
    )


def test_every_outcome_counts_once_and_a_call_on_the_line_is_in_progress(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   Wang    合肥    11-20 09:00:00  11-20 09:01:00  callback_requested
        CA2   Wang    合肥    11-20 09:10:00  11-20 09:11:00  abandoned_in_menu
        CA3   -       合肥    11-20 09:20:00  -               -
        CA4   Wang    芜湖    11-20 09:30:00  11-20 09:31:00  failed
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  received  in_progress  callback_requested  abandoned_in_menu  failed
        11-20 09  合肥     3         1            1                   1                  0
        11-20 09  芜湖     1         0            0                   0                  1
    """)


def test_calls_that_we_made_are_not_received(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome   direction
        CA1   Wang    合肥    11-20 09:00:00  11-20 09:01:00  answered  outbound-api
    """)
    ledger.build("11-20")
    ledger.shows("at  centre  received  answered  asked_human")


def test_a_transferred_call_is_one_call_and_two_talks(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   Wang    合肥    11-20 09:58:00  11-20 10:10:00  answered
    """)
    ledger.line("""
        entry  call  centre  arrived         answered        ended           why
        1      CA1   合肥    11-20 09:58:20  11-20 09:58:30  11-20 10:10:00  served
    """)
    ledger.talks("""
        talk  entry  call  agent  centre  began     ended     status       by     held  subject    wrap_up  score
        T1    1      CA1   101    合肥    09:58:30  10:02:00  transferred  agent  30    card-bank  20       -
        T2    1      CA1   202    芜湖    10:02:10  10:10:00  finished     agent  -     card-loss  40       2
    """)
    ledger.build("11-20")
    # The subject is that of the last talk, for the whole call.
    ledger.shows("""
        at        centre  subject    received  answered  asked_human  offered  answered_15  answer_wait_seconds
        11-20 09  合肥     card-loss  1         1         1            1        1            10
    """)
    ledger.shows("""
        at        centre  subject    legs  talk_seconds  hold_seconds  wrap_up_seconds  surveyed  score_2
        11-20 09  合肥     card-loss  1     180           30            20               0         0
        11-20 10  芜湖     card-loss  1     470           0             40               1         1
    """)


def test_waits_are_of_the_line_and_not_of_the_menu(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-20 09:00:00  11-20 09:05:00  answered
        CA2   B       合肥    11-20 09:00:00  11-20 09:05:00  answered
        CA3   C       合肥    11-20 09:00:00  11-20 09:05:00  abandoned_in_queue
        CA4   D       合肥    11-20 09:00:00  11-20 09:05:00  short_abandon
        CA5   E       合肥    11-20 09:00:00  11-20 09:05:00  human_unavailable
        CA6   F       合肥    11-20 09:00:00  11-20 09:05:00  answered
        CA7   G       合肥    11-20 09:00:00  11-20 09:05:00  self_served
    """)
    # CA1 exactly 15 s. CA2 left the line for the menu and came back: 10 + 20 s. CA6 was answered at the desk telephone.
    ledger.line("""
        entry  call  centre  arrived         answered        ended           why
        1      CA1   合肥    11-20 09:00:30  11-20 09:00:45  11-20 09:05:00  served
        2      CA2   合肥    11-20 09:00:30  -               11-20 09:00:40  left
        3      CA2   合肥    11-20 09:02:00  11-20 09:02:20  11-20 09:05:00  served
        4      CA3   合肥    11-20 09:00:30  -               11-20 09:05:00  hung_up
        5      CA4   合肥    11-20 09:04:57  -               11-20 09:05:00  hung_up
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  received  asked_human  offered  answered_15  answer_wait_seconds
        11-20 09  合肥     7         6            3        1            45
    """)
    ledger.shows("""
        at        centre  served_wait_1  served_wait_2  left_wait_0  left_wait_5
        11-20 09  合肥     1              1              1            1
    """)


def test_who_is_still_on_the_line_is_counted_in_the_line_when_the_call_has_ended(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended  outcome
        CA1   A       合肥    11-20 09:00:00  -      -
    """)
    ledger.line("""
        entry  call  centre  arrived         answered        ended  why
        1      CA1   合肥    11-20 09:00:30  11-20 09:00:35  -      -
    """)
    ledger.talks("""
        talk  entry  call  agent  centre  began           ended  status     by
        T1    1      CA1   101    合肥    11-20 09:00:35  -      connected  -
    """)
    ledger.build("11-20", now="11-20 09:03:00")
    ledger.shows("""
        at        centre  received  in_progress  offered  answered_15  legs
        11-20 09  合肥     1         1            0        0            0
    """)
    ledger.write("UPDATE call SET ended_at = %s, outcome = 'answered'", "2026-11-20 09:04+08")
    ledger.write("UPDATE offer SET ended_at = %s, status = 'finished'", "2026-11-20 09:04+08")
    ledger.build("11-20", now="11-20 09:05:00")
    ledger.shows("""
        at        centre  received  in_progress  offered  answered_15  legs
        11-20 09  合肥     1         0            1        1            1
    """)


def test_callers_whose_callback_became_a_call_waited_no_longer_than_the_call(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-20 15:00:00  11-20 15:05:00  answered
    """)
    # The place in the line is that of the morning.
    ledger.line("""
        entry  call  centre  arrived   joined    answered  ended     why
        1      CA1   合肥    09:00:00  15:00:10  15:00:40  15:05:00  served
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  answer_wait_seconds
        11-20 15  合肥     40
    """)


def test_callbacks_stand_apart(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome             direction
        CA1   A       合肥    11-20 09:00:00  11-20 09:02:00  callback_requested  inbound
        CA2   A       合肥    11-20 11:00:00  11-20 11:05:00  answered            outbound-api
    """)
    ledger.callbacks("""
        callback  centre  asked           promised        ended           why               source
        1         合肥    11-20 09:01:30  11-20 12:00:00  11-20 11:05:00  served            line
        2         合肥    11-20 09:10:00  11-20 12:00:00  11-21 09:00:00  unreached         abandoned
        3         合肥    11-20 09:20:00  11-20 12:00:00  11-20 09:40:00  caller_cancelled  menu
        4         合肥    11-20 09:30:00  11-22 12:00:00  -               -                 menu
        5         合肥    11-20 09:50:00  11-20 12:00:00  11-20 12:30:00  served            desk
        6         合肥    11-20 09:55:00  -               11-20 12:00:00  served            case
    """)
    ledger.line("""
        entry  call  centre  arrived         answered        ended           why     kind      callback
        1      CA2   合肥    11-20 09:00:30  11-20 11:00:10  11-20 11:05:00  served  callback  1
        2      CA3   合肥    11-20 09:50:00  11-20 12:20:00  11-20 12:30:00  served  callback  5
    """)
    ledger.talks("""
        talk  entry  call  agent  centre  began           ended           status    by     subject
        T1    1      CA2   101    合肥    11-20 11:00:10  11-20 11:05:00  finished  agent  card-loss
        T2    2      CA3   101    合肥    11-20 12:20:00  11-20 12:30:00  finished  agent  -
    """)
    ledger.attempts("""
        attempt  callback  entry  talk
        A1       1         1      T1
        A2       5         2      T2
    """)
    ledger.build("11-20", now="11-21 12:00:00")
    ledger.shows("""
        at        centre  received  answered  asked_human  offered  legs  callback_legs
        11-20 09  合肥     1         0         0            0        0     0
        11-20 11  合肥     0         0         0            0        1     1
        11-20 12  合肥     0         0         0            0        1     1
    """)
    ledger.shows("""
        at        centre  subject    callbacks_asked  callbacks_ended  callbacks_reached
        11-20 09  合肥     -          4                3                1
        11-20 09  合肥     card-loss  1                1                1
    """)
    ledger.shows("""
        at        centre  subject    callbacks_due  callbacks_in_time
        11-20 09  合肥     -          3              0
        11-20 09  合肥     card-loss  1              1
    """)


def test_who_calls_again_on_the_same_subject_within_a_week_was_not_helped(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-02 09:00:00  11-02 09:05:00  answered
        CA2   A       芜湖    11-09 08:59:00  11-09 09:05:00  answered
        CA3   B       合肥    11-02 09:00:00  11-02 09:05:00  answered
        CA4   B       合肥    11-05 09:00:00  11-05 09:05:00  answered
        CA5   C       合肥    11-02 09:00:00  11-02 09:05:00  answered
        CA6   C       合肥    11-09 09:00:01  11-09 09:05:00  answered
        CA7   -       合肥    11-02 09:00:00  11-02 09:05:00  answered
        CA8   D       合肥    11-02 09:00:00  11-02 09:05:00  answered
    """)
    ledger.line("""
        entry  call  centre  arrived         answered        ended           why
        1      CA1   合肥    11-02 09:00:00  11-02 09:00:00  11-02 09:05:00  served
        2      CA2   芜湖    11-09 08:59:00  11-09 08:59:00  11-09 09:05:00  served
        3      CA3   合肥    11-02 09:00:00  11-02 09:00:00  11-02 09:05:00  served
        4      CA4   合肥    11-05 09:00:00  11-05 09:00:00  11-05 09:05:00  served
        5      CA5   合肥    11-02 09:00:00  11-02 09:00:00  11-02 09:05:00  served
        6      CA6   合肥    11-09 09:00:01  11-09 09:00:01  11-09 09:05:00  served
        7      CA7   合肥    11-02 09:00:00  11-02 09:00:00  11-02 09:05:00  served
    """)
    # A: the same, seven days less a minute later. B: something else. C: later than seven days. D: no subject.
    ledger.talks("""
        talk  entry  call  agent  centre  began           ended           status    by     subject
        T1    1      CA1   101    合肥    11-02 09:00:00  11-02 09:05:00  finished  agent  card-loss
        T2    2      CA2   202    芜湖    11-09 08:59:00  11-09 09:05:00  finished  agent  card-loss
        T3    3      CA3   102    合肥    11-02 09:00:00  11-02 09:05:00  finished  agent  card-loss
        T4    4      CA4   101    合肥    11-05 09:00:00  11-05 09:05:00  finished  agent  card-apply
        T5    5      CA5   103    合肥    11-02 09:00:00  11-02 09:05:00  finished  agent  card-loss
        T6    6      CA6   101    合肥    11-09 09:00:01  11-09 09:05:00  finished  agent  card-loss
        T7    7      CA7   104    合肥    11-02 09:00:00  11-02 09:05:00  finished  agent  card-loss
    """)
    ledger.build("11-02", now="11-09 08:59:59")
    ledger.shows("at  centre  fcr_base  fcr_resolved")
    ledger.build("11-02", now="11-10 00:00:00")
    ledger.shows("""
        at        centre  subject    fcr_base  fcr_resolved
        11-02 09  合肥     card-loss  3         2
    """)


def test_a_shift_is_cut_at_the_hours_and_at_midnight_and_nothing_of_it_is_lost(ledger: Ledger) -> None:
    ledger.shifts("""
        agent  centre  state      from            to
        101    合肥     available  11-20 22:30:00  11-20 22:50:00
        101    合肥     reserved   11-20 22:50:00  11-20 22:50:10
        101    合肥     on_call    11-20 22:50:10  11-20 23:20:00
        101    合肥     hold       11-20 23:20:00  11-20 23:30:00
        101    合肥     wrap_up    11-20 23:30:00  11-20 23:40:00
        101    合肥     break      11-20 23:40:00  11-21 01:10:00
        101    合肥     away       11-21 01:10:00  -
    """)
    ledger.build("11-20", "11-21", now="11-21 02:00:30")
    ledger.shows("""
        at        centre  handling_seconds  available_seconds  break_seconds  signed_in_seconds
        11-20 22  合肥     590               1210               0              1800
        11-20 23  合肥     2400              0                  1200           3600
        11-21 00  合肥     0                 0                  3600           3600
        11-21 01  合肥     0                 0                  600            3600
        11-21 02  合肥     0                 0                  0              30
    """)
    # Consultants' time has no subject.
    ledger.shows("at  centre  subject  signed_in_seconds")


def test_seats_of_people_who_have_left_still_count(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-20 09:00:00  11-20 09:05:00  answered
    """)
    ledger.line("""
        entry  call  centre  arrived         answered        ended           why
        1      CA1   合肥    11-20 09:00:00  11-20 09:00:20  11-20 09:05:00  served
    """)
    ledger.talks("""
        talk  entry  call  agent  centre  began           ended           status    by     wrap_up
        T1    1      CA1   101    合肥    11-20 09:00:20  11-20 09:05:00  finished  agent  60
    """)
    ledger.write("UPDATE agent SET is_active = false, state = 'logged_out'")
    ledger.build("11-20")
    ledger.shows("""
        at        centre  answered  legs  wrap_up_seconds  handling_seconds
        11-20 09  合肥     1         1     60               60
    """)


def test_a_centre_that_gets_another_name_keeps_its_figures(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-20 09:00:00  11-20 09:05:00  self_served
    """)
    ledger.build("11-20")
    ledger.write("UPDATE centre SET name = '合肥市人社热线', short_name = '合肥热线' WHERE code = '340100'")
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA2   A       合肥    11-20 09:30:00  11-20 09:35:00  self_served
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  received
        11-20 09  合肥     2
    """)


def test_who_hangs_up_first_was_not_asked_for_a_judgement(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-20 09:00:00  11-20 09:05:00  answered
        CA2   B       合肥    11-20 09:00:00  11-20 09:05:00  answered
        CA3   C       合肥    11-20 09:00:00  11-20 09:05:00  answered
    """)
    ledger.line("""
        entry  call  centre  arrived         answered        ended           why
        1      CA1   合肥    11-20 09:00:00  11-20 09:00:01  11-20 09:05:00  served
        2      CA2   合肥    11-20 09:00:00  11-20 09:00:01  11-20 09:05:00  served
        3      CA3   合肥    11-20 09:00:00  11-20 09:00:01  11-20 09:05:00  hung_up
    """)
    ledger.talks("""
        talk  entry  call  agent  centre  began           ended           status    by      score
        T1    1      CA1   101    合肥    11-20 09:00:01  11-20 09:05:00  finished  agent   5
        T2    2      CA2   102    合肥    11-20 09:00:01  11-20 09:05:00  finished  caller  -
        T3    3      CA3   103    合肥    11-20 09:00:01  11-20 09:05:00  dropped   leg     -
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  legs  surveyed  score_5
        11-20 09  合肥     3     1         1
    """)


def test_cases_count_where_they_were_opened_and_where_they_are_due(ledger: Ledger) -> None:
    ledger.cases("""
        case  centre  opened          due             replied         reopened  rated  moves  subject    closed
        1     合肥    11-20 09:00:00  11-25 17:30:00  11-25 17:30:00  -         -      -      -          -
        2     合肥    11-20 09:10:00  11-25 17:30:00  11-25 17:30:01  -         4      1      card-loss  -
        3     合肥    11-20 09:20:00  11-25 17:30:00  11-24 10:00:00  1         -      2      -          -
        4     合肥    11-20 09:30:00  11-25 17:30:00  -               1         -      -      -          -
        5     合肥    11-20 09:40:00  11-25 17:30:00  -               -         -      -      -          重复
        6     合肥    11-20 09:50:00  11-26 17:30:00  -               -         -      -      -          -
    """)
    ledger.build("11-20", "11-25", "11-26", now="11-26 12:00:00")
    ledger.shows("""
        at        centre  subject    cases_opened  cases_replied  cases_resolved  cases_reworked
        11-20 09  合肥     -          4             2              1               2
        11-20 09  合肥     card-loss  1             1              0               0
    """)
    ledger.shows("""
        at        centre  subject    cases_handed  cases_returned
        11-20 09  合肥     -          1             1
        11-20 09  合肥     card-loss  1             0
    """)
    ledger.shows("""
        at        centre  subject    cases_due  cases_in_time
        11-25 17  合肥     -          3          2
        11-25 17  合肥     card-loss  1          0
    """)


def test_what_came_late_or_was_corrected_is_right_the_next_time(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-20 09:00:00  11-20 09:05:00  abandoned_in_menu
        CA2   A       芜湖    11-20 09:00:00  11-20 09:05:00  self_served
    """)
    ledger.build("11-20")
    ledger.write("UPDATE call SET outcome = 'failed' WHERE call_sid = 'CA1'")
    ledger.write("UPDATE call SET first_centre = '341200' WHERE call_sid = 'CA2'")
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA3   A       合肥    11-20 09:00:00  11-20 09:05:00  voicemail
    """)
    ledger.build("11-20")
    for grain, at in (("hour", "11-20 09"), ("day", "11-20"), ("cell", "11-06 09")):
        ledger.shows(
            f"""
            at        centre  received  abandoned_in_menu  failed  voicemail  self_served
            {at}  合肥     2         0                  1       1          0
            {at}  阜阳     1         0                  0       0          1
            """,
            grain=grain,
        )


def test_a_citys_calls_count_as_they_were_last_told(ledger: Ledger) -> None:
    ledger.city_calls("""
        call  version  centre  began           outcome             waited  talked  score  subject    withdrawn
        F1    1        阜阳    11-20 09:00:00  abandoned_in_queue  30      -       -      -          -
        F1    2        阜阳    11-20 09:00:00  answered            16      200     3      card-loss  -
        F2    1        阜阳    11-20 09:10:00  -                   -       -       -      -          -
        F3    1        阜阳    11-20 09:20:00  self_served         -       -       -      -          yes
        F4    1        阜阳    11-20 09:30:00  short_abandon       3       -       -      -          -
        F5    1        阜阳    11-20 09:40:00  abandoned_in_queue  61      -       -      -          -
        F6    1        阜阳    11-20 09:50:00  abandoned_in_queue  -       -       -      -          -
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  subject    source  received  in_progress  answered  abandoned_in_queue  short_abandon
        11-20 09  阜阳     -          city    4         1            0         2                   1
        11-20 09  阜阳     card-loss  city    1         0            1         0                   0
    """)
    ledger.shows("""
        at        centre  subject    asked_human  offered  answered_15  answer_wait_seconds  served_wait_2
        11-20 09  阜阳     -          3            2        0            0                    0
        11-20 09  阜阳     card-loss  1            1        0            16                   1
    """)
    ledger.shows("""
        at        centre  subject    left_wait_0  left_wait_4  legs  talk_seconds  surveyed  score_3
        11-20 09  阜阳     -          1            1            0     0             0         0
        11-20 09  阜阳     card-loss  0            0            1     200           1         1
    """)


def test_of_an_hour_that_a_city_told_by_calls_its_sums_do_not_count_again(ledger: Ledger) -> None:
    ledger.city_calls("""
        call  version  centre  began           outcome      waited  talked  channel
        F1    1        阜阳    11-20 09:00:00  self_served  -       -       phone
    """)
    ledger.city_hours("""
        centre  at              channel  subject    received  self_served  answered
        阜阳     11-20 09:00:00  phone    -          50        50           0
        阜阳     11-20 09:00:00  wechat   -          7         7            0
        阜阳     11-20 10:00:00  phone    -          20        15           5
        阜阳     11-20 10:00:00  phone    card-loss  10        0            10
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  channel  received  self_served  answered
        11-20 09  阜阳     phone    1         1            0
        11-20 09  阜阳     wechat   7         7            0
        11-20 10  阜阳     phone    30        15           15
    """)


def test_a_centres_own_calls_and_those_of_its_citys_system_add_up(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       阜阳    11-20 09:00:00  11-20 09:05:00  self_served
    """)
    ledger.city_calls("""
        call  version  centre  began           outcome      waited  talked
        F1    1        阜阳    11-20 09:00:00  self_served  -       -
    """)
    ledger.build("11-20")
    ledger.shows("""
        at        centre  source  received
        11-20 09  阜阳     city    1
        11-20 09  阜阳     own     1
    """)
