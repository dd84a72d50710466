"""The rooms behind the keys: a closed set, each open or closed with a reason, by centre."""

FEATURES: dict[str, str] = {
    "human": "人工服务",
    "query": "信息查询",
    "recordings": "政策录音",
    "guides": "办事指南",
    "complaints": "投诉举报",
    "message": "留言",
    "card_loss": "社保卡挂失",
    "progress": "查进度和回电",
    "slow": "慢速服务",
}
