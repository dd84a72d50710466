"""How this hotline's words are read where pypinyin's own phrases (MIT licence) read them otherwise.

A phrase wins over shorter ones that begin at the same place, so a false match inside two words is cured by
a longer phrase: 看中国 is not 看中 + 国. Tones are numbers, 5 is the neutral tone, one reading for each character.
"""

from __future__ import annotations

PHRASES: dict[str, str] = {
    # 银行卡 and what is done with it
    "发卡": "fa1 ka3",
    "发卡行": "fa1 ka3 hang2",
    "开户行": "kai1 hu4 hang2",
    "银行行号": "yin2 hang2 hang2 hao4",
    "行号": "hang2 hao4",
    "他行": "ta1 hang2",
    "本行": "ben3 hang2",
    "跨行": "kua4 hang2",
    "还款": "huan2 kuan3",
    "还钱": "huan2 qian2",
    "还给": "huan2 gei3",
    "还清": "huan2 qing1",
    "返还": "fan3 huan2",
    "偿还": "chang2 huan2",
    # 重: again
    "重听": "chong2 ting1",
    "重播": "chong2 bo1",
    "重拨": "chong2 bo1",
    "重按": "chong2 an4",
    "重办": "chong2 ban4",
    "重说": "chong2 shuo1",
    "重设": "chong2 she4",
    "重报": "chong2 bao4",
    "重发": "chong2 fa1",
    "重领": "chong2 ling3",
    # 调: move or adjust
    "调休": "tiao2 xiu1",
    "调岗": "tiao2 gang3",
    "调薪": "tiao2 xin1",
    "调待": "tiao2 dai4",
    "调入": "diao4 ru4",
    "调出": "diao4 chu1",
    "调档": "diao4 dang4",
    "调取": "diao4 qu3",
    # 长: long, where a word of another meaning hides
    "长效": "chang2 xiao4",
    "参保长": "can1 bao3 chang2",
    "会长一些": "hui4 chang2 yi1 xie1",
    "要长": "yao4 chang2",
    "天长市": "tian1 chang2 shi4",
    # 得, 地, 着
    "说得": "shuo1 de5",
    "签得": "qian1 de5",
    "补得": "bu3 de5",
    "办得": "ban4 de5",
    "交得": "jiao1 de5",
    "领得": "ling3 de5",
    "得了": "de2 le5",
    "得到": "de2 dao4",
    "得知": "de2 zhi1",
    "所得": "suo3 de2",
    "来得及": "lai2 de5 ji2",
    "来不及": "lai2 bu4 ji2",
    "得先": "dei3 xian1",
    "得去": "dei3 qu4",
    "得由": "dei3 you2",
    "得等": "dei3 deng3",
    "还得": "hai2 dei3",
    "慢慢地": "man4 man4 de5",
    "好好地": "hao3 hao3 de5",
    "一步步地": "yi1 bu4 bu4 de5",
    "及时地": "ji2 shi2 de5",
    "对着": "dui4 zhe5",
    "着手机": "zhe5 shou3 ji1",
    "着手续": "zhe5 shou3 xu4",
    # 为
    "为准": "wei2 zhun3",
    "为止": "wei2 zhi3",
    "为由": "wei2 you2",
    "为主": "wei2 zhu3",
    "为期": "wei2 qi1",
    "视为": "shi4 wei2",
    "定为": "ding4 wei2",
    "转为": "zhuan3 wei2",
    "列为": "lie4 wei2",
    "计为": "ji4 wei2",
    "均为": "jun1 wei2",
    "应为": "ying1 wei2",
    "为您": "wei4 nin2",
    "无为市": "wu2 wei2 shi4",
    # Words that meet
    "看中国": "kan4 zhong1 guo2",
    "中间断": "zhong1 jian1 duan4",
    "种地": "zhong4 di4",
    "种地方": "zhong3 di4 fang1",
    "种地区": "zhong3 di4 qu1",
    # 给, 供, 分
    "给付": "ji3 fu4",
    "给予": "ji3 yu3",
    "供养": "gong1 yang3",
    "部分": "bu4 fen5",
    "时候": "shi2 hou5",
    "名字": "ming2 zi5",
    "清楚": "qing1 chu5",
    "意思": "yi4 si5",
    "先生": "xian1 sheng5",
    # Places
    "六安": "lu4 an1",
    "蚌埠": "beng4 bu4",
    "枞阳": "zong1 yang2",
    "黟县": "yi1 xian4",
    "歙县": "she4 xian4",
    "砀山": "dang4 shan1",
}

# The reading of a character that stands in no known phrase, where pypinyin's first is not the likely one here.
CHARACTERS: dict[str, str] = {"长": "cháng,zhǎng", "得": "de,dé,děi", "调": "tiáo,diào", "卡": "kǎ,qiǎ"}

# Letters as Chinese speakers name them; an ID number's last place is X.
LETTERS: dict[str, str] = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4", "H": "ei1 chi5",
    "I": "ai4", "J": "zhei4", "K": "kei4", "L": "ai2 lu5", "M": "ai2 mu5", "N": "en1", "O": "ou1", "P": "pi4",
    "Q": "kiu1", "R": "a4", "S": "ai2 si5", "T": "ti4", "U": "you4", "V": "wei4", "W": "da2 bu5 liu5",
    "X": "ai2 ke5 si5", "Y": "wai4", "Z": "zi4",
}  # fmt: skip

# Digits that arrive as digits are read one by one; sentences of ours come with their numbers in words.
DIGITS: dict[str, str] = {
    "0": "ling2", "1": "yao1", "2": "er4", "3": "san1", "4": "si4",
    "5": "wu3", "6": "liu4", "7": "qi1", "8": "ba1", "9": "jiu3",
}  # fmt: skip

# pypinyin's interjections that the voice has no sound for.
UNSPEAKABLE: dict[str, str] = {"m": "mu", "n": "en", "ng": "en", "hng": "heng", "hm": "heng", "ê": "ei"}
