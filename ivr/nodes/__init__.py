"""Node kinds, one a file: read this folder and you know what a menu can do."""

from ivr.flow import Node
from ivr.nodes.branch import BranchNode
from ivr.nodes.cards import CardsNode
from ivr.nodes.cases import CasesNode
from ivr.nodes.catalogue import CatalogueNode
from ivr.nodes.collect import CollectNode
from ivr.nodes.command import CommandNode
from ivr.nodes.dial import DialNode
from ivr.nodes.findings import FindingsNode
from ivr.nodes.handover import HandoverNode
from ivr.nodes.hangup import HangupNode
from ivr.nodes.menu import MenuNode
from ivr.nodes.playlist import PlaylistNode
from ivr.nodes.rate import RateNode
from ivr.nodes.record import RecordNode
from ivr.nodes.say import SayNode
from ivr.nodes.secret import SecretNode
from ivr.nodes.slots import SlotsNode
from ivr.nodes.take import TakeNode
from ivr.nodes.talk import TalkNode
from ivr.nodes.wait import WaitNode

NODE_KINDS: dict[str, type[Node]] = {
    kind.kind: kind
    for kind in (
        SayNode,
        MenuNode,
        CollectNode,
        CatalogueNode,
        PlaylistNode,
        BranchNode,
        RecordNode,
        DialNode,
        WaitNode,
        TalkNode,
        RateNode,
        SlotsNode,
        SecretNode,
        CardsNode,
        CasesNode,
        TakeNode,
        FindingsNode,
        HandoverNode,
        CommandNode,
        HangupNode,
    )
}
