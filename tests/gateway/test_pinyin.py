"""Chinese as it is said: the readings, tone changes and rests of this hotline's own sentences."""

import re
from pathlib import Path

import pytest
import yaml

from integrations.gateway.pinyin import Clause, clauses, syllables_of
from integrations.gateway.readings import CHARACTERS, PHRASES
from integrations.settings import PROJECT_DIR

READINGS = """
转人工，请按零。            zhuan3 ren2 gong1 , qing3 an4 ling2 .
听政策录音，请按二。        ting1 zheng4 ce4 lu4 yin1 , qing3 an4 er4 .
幺二三三三，您好。          yao1 er4 san1 san1 san1 , nin2 hao3 .
今天调休上班，人工照常。    jin1 tian1 tiao2 xiu1 shang4 ban1 , ren2 gong1 zhao4 chang2 .
现在为您转人工。            xian4 zai4 wei4 nin2 zhuan3 ren2 gong1 .
养老金按月发放              yang2 lao3 jin1 an4 yue4 fa1 fang4
看看银行卡                  kan4 kan4 yin2 hang2 ka3
以发卡地为准                yi3 fa1 ka3 di4 wei2 zhun3
发卡银行的网点              fa1 ka3 yin2 hang2 de5 wang2 dian3
重听                        chong2 ting1
重新算                      chong2 xin1 suan4
重要                        zhong4 yao4
参保地                      can1 bao3 di4
缴费率                      jiao3 fei4 lv4
强制执行                    qiang2 zhi4 zhi2 xing2
时间会长一些                shi2 jian1 hui4 chang2 yi4 xie1
最长二十四个月              zui4 chang2 er4 shi2 si4 ge4 yue4
外地长住                    wai4 di4 chang2 zhu4
参保长效机制                can1 bao3 chang2 xiao4 ji1 zhi4
家长                        jia1 zhang3
局长                        ju2 zhang3
还没有                      hai2 mei2 you3
归还                        gui1 huan2
还款                        huan2 kuan3
得了职业病                  de2 le5 zhi2 ye4 bing4
补得也多                    bu3 de5 ye3 duo1
得到                        de2 dao4
您得先登记                  nin2 dei3 xian1 deng1 ji4
先别着急                    xian1 bie2 zhao2 ji2
对着手机刷脸                dui4 zhe5 shou3 ji1 shua1 lian3
我们接着办                  wo3 men5 jie1 zhe5 ban4
断了                        duan4 le5
办不了                      ban4 bu4 liao3
慢慢地说                    man4 man4 de5 shuo1
当地                        dang1 di4
因为                        yin1 wei4
一般要先仲裁                yi4 ban1 yao4 xian1 zhong4 cai2
劳动仲裁                    lao2 dong4 zhong4 cai2
还有某分钟下班              hai2 you2 mou3 fen1 zhong1 xia4 ban1
那一部分                    na4 yi2 bu4 fen5
基数                        ji1 shu4
这一种                      zhe4 yi4 zhong3
种地                        zhong4 di4
差额                        cha1 e2
供养亲属                    gong1 yang3 qin1 shu3
待遇给付                    dai4 yu4 ji3 fu4
处理                        chu2 li3
办事处                      ban4 shi4 chu4
下载                        xia4 zai4
困难人员                    kun4 nan2 ren2 yuan2
养老保险关系转移            yang2 lao2 bao2 xian3 guan1 xi4 zhuan3 yi2
可以看中国公布的            ke2 yi3 kan4 zhong1 guo2 gong1 bu4 de5
中间断过                    zhong1 jian1 duan4 guo4
领几个月                    ling2 ji3 ge4 yue4
六安                        lu4 an1
蚌埠                        beng4 bu4
天长市                      tian1 chang2 shi4
女儿                        nv3 er2
"""

TONE_CHANGES = """
一样      yi2 yang4
一张      yi4 zhang1
一年      yi4 nian2
一起      yi4 qi3
一个月    yi2 ge4 yue4
第一条    di4 yi1 tiao2
三十一条  san1 shi2 yi1 tiao2
星期一    xing1 qi1 yi1
十一点    shi2 yi1 dian3
一月一日  yi1 yue4 yi1 ri4
一九八一年  yi1 jiu3 ba1 yi1 nian2
一百一十一  yi4 bai3 yi1 shi2 yi1
一半      yi2 ban4
请按一    qing3 an4 yi1
统一      tong3 yi1
等一等    deng3 yi5 deng3
一步一步  yi2 bu4 yi2 bu4
不是      bu2 shi4
不能      bu4 neng2
对不对    dui4 bu5 dui4
可以      ke2 yi3
我也想    wo2 ye2 xiang3
"""


def lines(table: str) -> list[tuple[str, str]]:
    return [(line.split()[0], " ".join(line.split()[1:])) for line in table.strip().splitlines()]


def shown(text: str) -> str:
    """The clauses as in the table: , for a short rest, . for a long one."""
    marks = {0.0: "", 0.2: " ,", 0.4: " ."}
    return " ".join(" ".join(clause.syllables) + marks[clause.pause_seconds] for clause in clauses(text))


@pytest.mark.parametrize(("text", "said"), lines(READINGS))
def test_a_character_with_several_readings_has_the_right_one(text: str, said: str) -> None:
    assert shown(text) == said


@pytest.mark.parametrize(("text", "said"), lines(TONE_CHANGES))
def test_tones_change_in_front_of_others(text: str, said: str) -> None:
    assert " ".join(syllables_of(text)) == said


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_listed_reading_is_what_is_said(phrase: str) -> None:
    reading = PHRASES[phrase].split()
    assert len(reading) == len(phrase)
    # Tones may change by rule; the syllables may not.
    assert [s[:-1] for s in syllables_of(phrase)] == [s[:-1] for s in reading]


def test_quotation_marks_and_brackets_are_silent_and_rests_do_not_add_up() -> None:
    assert clauses("您说“好。”，可以吗？（请按1）") == [
        Clause(("nin2", "shuo1", "hao3"), 0.4),
        Clause(("ke2", "yi3", "ma5"), 0.4),
        Clause(("qing3", "an4", "yao1"), 0.0),
    ]


def test_the_slow_voice_rests_a_second_after_a_sentence() -> None:
    assert [clause.pause_seconds for clause in clauses("找人工，请按零。不按也行。", rate=0.75)] == [0.2, 1.0, 1.0]


@pytest.mark.parametrize("text", ["", "。", "“”", "😀", "……", "\x00"])
def test_nothing_to_say_is_no_clause(text: str) -> None:
    assert clauses(text) == []


def test_letters_and_digits_are_named() -> None:
    assert syllables_of("尾号Ｘ") == ("wei3", "hao4", "ai2", "ke5", "si5")
    assert syllables_of("App") == ("ei1", "pi4", "pi4")


def shipped_sentences() -> list[str]:
    found: list[str] = []
    for path in sorted(Path(PROJECT_DIR / "ivr").rglob("*.yaml")):
        found += re.findall(r"[^\x00-\x7f]+", path.read_text(encoding="utf-8"))
        # Configuration that cannot be read is another test's matter.
        yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def test_every_shipped_sentence_becomes_syllables_the_voice_can_say() -> None:
    sayable = re.compile(r"[a-z]{1,6}[1-5]")
    for sentence in shipped_sentences():
        characters = re.findall(r"[\u4e00-\u9fff]", sentence)
        syllables = [syllable for clause in clauses(sentence) for syllable in clause.syllables]
        assert len(syllables) == len(characters), sentence
        assert all(sayable.fullmatch(syllable) for syllable in syllables), sentence


def test_characters_begin_with_the_reading_meant() -> None:
    assert {c: readings.split(",")[0] for c, readings in CHARACTERS.items()} == {
        "长": "cháng",
        "得": "de",
        "调": "tiáo",
        "卡": "kǎ",
    }
