"""What the numbers of the present on the wallboard mean, shown beside them. Pure."""

from __future__ import annotations

from dashboards.console.case_figures import DEFINITIONS as OF_CASES

DEFINITIONS = {
    "on_line": "此刻没有挂断的全部来电，不论哪天打进来，按来电现在所在的中心计；用自己系统的城市按它报来的算。",
    "waiting": "此刻在电话上排队等人接的来电，正在给咨询员振铃的也算；等回电的不算。",
    "longest_wait_seconds": "此刻排队的来电里等得最久的一位已经等了多久。",
    "callbacks_open": "来电人约了、还没有打通或了结的回电；办件的答复电话不算。",
    "agents": "此刻上线的咨询员，按状态。",
    "cases_due_today": OF_CASES["due_today"],
    "cases_overdue": OF_CASES["overdue"],
    "cases_active": OF_CASES["active"],
    "curve": "今天每个小时打进来的来电。",
    "usual": "平常这样的日子（同是工作日或同是休息日，最近28天）每个小时平均打进来的来电；没有这样的日子可比就不画。",
    "systems": "业务系统现在能不能查：正常、太慢（最近10分钟里三分之一以上的查询超过3秒）、歇一会儿、连不上、没接通。",
    "newest_at": "城市自己的系统最近一次报来的数据是什么时候的；超过约定的时间没有新数据就是断了。",
    "alarms": "现在不对的事；要人处理的，处理以后才会消失。",
    "behind": "今天的数字最近一次重算到现在过了多久。",
}
