"""The words of a menu's picture: what answers, kinds of places and gaps are called there."""

from __future__ import annotations

from ivr.flow import Node
from ivr.nodes.branch import BranchNode
from ivr.nodes.catalogue import CatalogueNode
from ivr.nodes.collect import CollectNode
from ivr.nodes.command import CommandNode
from ivr.nodes.dial import DialNode
from ivr.nodes.handover import HandoverNode
from ivr.nodes.hangup import HangupNode
from ivr.nodes.menu import MenuNode
from ivr.nodes.playlist import PlaylistNode
from ivr.nodes.rate import RateNode
from ivr.nodes.record import RecordNode
from ivr.nodes.slots import SlotsNode
from ivr.nodes.talk import TalkNode
from ivr.nodes.wait import WaitNode

LABELS = {
    "open": "上班",
    "makeup_day": "调休上班",
    "closing_soon": "快下班",
    "noon_closed": "午休",
    "noon_duty": "午间值班",
    "night": "下班",
    "night_duty": "夜间值班",
    "weekend": "周末",
    "holiday": "节假日",
    "closed_exceptionally": "临时停止",
    "line": "有咨询员在线",
    "desk": "有值班电话",
    "none": "没有人",
    "closed": "不在上班时间",
    "otherwise": "其他",
    "ok": "好",
    "answered": "接通",
    "failed": "没接通",
    "yes": "开通",
    "no": "没有开通",
    "free": "马上有人",
    "next": "下一个",
    "position_and_time": "位次和时间",
    "time_only": "只说时间",
    "unsure": "说不准",
    "longer": "比说的久",
    "after_hours": "下班还有人",
    "nobody_in": "没有人在线",
    "full": "排满了",
    "limit": "等满上限",
    "gone": "已不在排队",
    "left": "离开排队",
    "too_late": "已有人接",
    "finished": "说完了",
    "dropped": "断线了",
    "transferred": "转接",
    "talking": "还在通话",
    "thanked": "满意",
    "unsatisfied": "不满意",
    "kept": "记下了",
    "late": "没有结果",
    "empty": "没有声音",
    "own": "来电号码能打",
    "other": "来电号码打不了",
    "exists": "已经约过",
    "callback_exists": "已经约过回电",
    "turn": "轮到就打",
    "slot": "约好时间",
    "slot_taken": "时间刚约满",
    "bad_number": "号码打不通",
    "too_many": "约得太多",
    "some": "有时间可挑",
    "moved": "改好了",
    "cancelled": "取消了",
    "confirmed": "方便",
    "noted": "记下了",
    "machine": "是留言机",
}
# Where the same answer means something else, by what is asked.
LABELS_OF = {
    "guess": {"none": "听不出是哪里", "one": "像是一个市的", "two": "像是两个市的"},
    "in_line": {"yes": "在排队", "no": "没有排队"},
    "staffed": {"yes": "在上班", "no": "不在上班"},
    "fact:called": {"late": "已经不用打了", "otherwise": "有人接了"},
    "collect": {"failed": "没有按成"},
    "find_callback": {"none": "还没约过"},
    "offer_slots": {"none": "都约满了"},
    "confirm_callback": {"gone": "已经不用打了"},
    "later_callback": {"gone": "已经不用打了"},
    "move_callback": {"gone": "已经办完了", "talking": "正在打"},
    "cancel_callback": {"gone": "已经办完了", "talking": "正在打"},
}
# Words that are only known when somebody rings.
EXAMPLES = {
    "next_opening": "〔下次上班〕",
    "closes_in": "〔几〕",
    "holiday": "〔节日〕",
    "closing_reason": "〔原因〕",
    "guess_1": "〔甲市〕",
    "guess_2": "〔乙市〕",
    "ahead": "〔几〕",
    "wait": "〔几分钟〕",
    "agent_number": "〔工号〕",
    "number_tail": "〔尾号〕",
    "slot": "〔时间〕",
    "callback_slot": "〔时间〕",
    "callback_at": "〔几点〕",
    "callback_ahead": "〔几〕",
    "asked_when": "〔几点〕",
    "next_try": "〔几点〕",
}
KIND_TITLES: dict[type[Node], str] = {
    MenuNode: "菜单",
    BranchNode: "分路",
    PlaylistNode: "播放",
    CatalogueNode: "目录",
    DialNode: "拨值班电话",
    HandoverNode: "转到别的中心",
    HangupNode: "结束",
    RecordNode: "录音",
    CollectNode: "输入号码",
    CommandNode: "查询",
    WaitNode: "排队",
    TalkNode: "通话",
    RateNode: "评价",
    SlotsNode: "挑时间",
}
