"""What a message is about: sentences as callers leave them, and those that say nothing clearly."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import pytest
import yaml
from structlog.testing import capture_logs

from voicemail.segmenter import Segmenter
from voicemail.subject_suggestion import SHIPPED, SubjectSuggester, load_caller_words, load_suggester, read_caller_words
from voicemail.subject_words import CallerWords, Suggestion, build_lexicon, parse_caller_words, suggest
from voicemail.subjects import Group, Subject, build_tree
from voicemail.subjects_file import load_subjects

TREE = build_tree(
    [
        Group("pension", "养老保险", "", (Subject("pay", "养老金发放", "", ("少发",)), Subject("move", "转移和接续"))),
        Group("wages", "工资", "", (Subject("owed", "欠薪", "", ("拖欠", "标准")),)),
    ]
)
SAID = CallerWords(
    groups={"pension": ("养老金",), "gone": ("别的",)},
    clear={"owed": ("拖欠工资",), "gone": ("没有这个科目",)},
    words={"pay": ("没到账",), "owed": ("没到账", "欠")},
    weak=frozenset({"欠"}),
    ignored=frozenset({"标准"}),
    fillers=frozenset({"了", "给", "我"}),
    same={"没有": "没"},
)
LEXICON = build_lexicon(TREE, SAID)


def of(words: str) -> Suggestion | None:
    return suggest(words.split(), LEXICON)


# The points


def test_points_are_those_of_the_groups_the_words_and_what_says_it_by_itself() -> None:
    assert LEXICON.points["养老保险"] == {"pay": 1, "move": 1}
    assert (LEXICON.points["少发"], LEXICON.points["接续"]) == ({"pay": 2}, {"move": 2})
    assert LEXICON.points["没到账"] == {"pay": 2, "owed": 2}
    assert (LEXICON.points["欠"], LEXICON.points["拖欠工资"]) == ({"owed": 1}, {"owed": 3})


def test_what_is_ignored_or_belongs_to_no_subject_counts_nothing() -> None:
    assert not {"标准", "别的", "没有这个科目"} & LEXICON.points.keys()
    assert of("标准 是 多少") is None


def test_a_word_of_two_subjects_is_decided_by_the_group_that_is_named_with_it() -> None:
    assert of("养老金 没 到账") == Suggestion("pay", "提到了“养老金”“没到账”")
    assert of("工资 没 到账") == Suggestion("owed", "提到了“工资”“没到账”")
    assert of("没 到账") is None and of("养老金 和 工资 没 到账") is None


def test_a_group_alone_or_a_weak_word_alone_is_not_clear() -> None:
    assert of("养老金") is None and of("养老保险 养老金") is None and of("欠") is None and of("") is None


def test_small_words_in_between_and_another_form_of_a_word_are_no_hindrance() -> None:
    assert of("养老金 没有 到账 了") == Suggestion("pay", "提到了“养老金”“没到账”")
    assert of("拖欠 了 我 工资") == Suggestion("owed", "提到了“拖欠工资”")


def test_a_longer_word_counts_instead_of_its_parts_and_every_word_once() -> None:
    assert of("拖欠 工资 拖欠 工资") == Suggestion("owed", "提到了“拖欠工资”")


def test_a_word_is_found_only_between_the_borders_of_words() -> None:
    assert of("少 发言") is None and of("少 发") == Suggestion("pay", "提到了“少发”")


def test_the_words_are_told_in_the_order_in_which_they_were_said_and_at_most_five() -> None:
    said = CallerWords(words={"pay": tuple("甲乙丙丁戊己")})
    found = suggest(list("己戊丁丙乙甲"), build_lexicon(TREE, said))
    assert found == Suggestion("pay", "提到了“己”“戊”“丁”“丙”“乙”")


# The file


def test_the_shipped_words_are_written_for_the_shipped_tree() -> None:
    tree = load_subjects(None)
    said, problems = read_caller_words(SHIPPED, tree)
    assert problems == []
    assert said.groups.keys() | {"other"} == {group.key for group in tree.groups}
    assert said.clear.keys() <= tree.by_key.keys() and len(said.clear) > 50


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "应当是“名字: 内容”的形式"),
        ("groups: [a]", "groups：应当是“名字: 内容”的形式"),
        ("colours: {}", "不认识“colours”"),
        ("groups: {card: [卡]}", "groups：没有“card”这一类"),
        ("subjects: {gone: {words: [甲]}}", "subjects：没有“gone”这个科目"),
        ("subjects: {pay: [甲]}", "pay：应当是“名字: 内容”的形式"),
        ("subjects: {pay: {strong: [甲]}}", "pay：不认识“strong”"),
        ("weak: [12333]", "weak：应当是一列词，数字要加引号"),
        ("subjects: {pay: {clear: 甲}}", "clear：应当是一列词，数字要加引号"),
    ],
)
def test_every_problem_of_the_file_is_a_sentence(text: str, problem: str) -> None:
    said, problems = parse_caller_words(yaml.safe_load(text), ["pension", "wages"], TREE.by_key)
    assert problems == [problem] and said == CallerWords()


def test_ones_own_words_replace_the_shipped_ones_unless_they_are_bad(tmp_path: Path) -> None:
    tree, own = load_subjects(None), tmp_path / "subject_words.yaml"
    own.write_text("subjects: {card-loss: {clear: [飞了]}}", encoding="utf-8")
    assert load_caller_words(tmp_path, tree).clear == {"card-loss": ("飞了",)}
    for bad in ("subjects: {gone: {clear: [飞了]}}", "subjects: {"):
        own.write_text(bad, encoding="utf-8")
        with capture_logs() as logs:
            assert "挂失" in load_caller_words(tmp_path, tree).clear["card-loss"]
        assert logs[0]["event"] == "subject_words_refused"


# Words


def test_spaces_of_the_recogniser_and_marks_are_no_borders_and_a_word_that_we_know_is_kept_together() -> None:
    segmenter = Segmenter(["养老金", "刷不出来", "工伤"])
    assert segmenter.words("养 老金 还 没有，到账。OK 12333") == ["养老金", "还", "没有", "到", "账"]
    assert segmenter.words("卡刷不出来") == ["卡", "刷不出来"]
    assert segmenter.words("员工伤心了") == ["员工", "伤心", "了"]
    assert segmenter.words("") == segmenter.words(" ok 123 ") == []


def test_nothing_is_left_in_a_folder_that_others_can_write_and_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        assert Segmenter().words("社保卡挂失")
    assert list(tmp_path.iterdir()) == [] and caplog.records == []
    assert capfd.readouterr() == ("", "")


# Callers


@pytest.fixture(scope="module")
def suggester() -> SubjectSuggester:
    return load_suggester(None)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("pension-benefit", "喂 你好 我 这个 月 的 养老金 到 现在 还 没有 到账 麻烦 帮 我 查 一下"),
        ("pension-benefit", "我想问一下今年退休工资涨了多少，我怎么感觉没有涨"),
        ("pension-retirement", "我是一九六三年出生的 请问 我 什么 时候 可以 办理 退休 要 带 什么 材料"),
        ("pension-payment", "我中间断了三年没有交，能不能补缴养老保险"),
        ("pension-transfer", "我以前在上海上班，养老保险想转移回合肥，怎么办"),
        ("pension-eligibility", "老人 八十多 岁 了 不会 用 手机 那个 养老 资格认证 怎么 弄"),
        ("pension-death", "我父亲上个月去世了，丧葬费和抚恤金在哪里申请"),
        ("medical-away", "我在南京带孙子，想办异地就医备案"),
        ("medical-reimburse", "我妈妈住院花了两万多，出院以后报销比例是多少"),
        ("medical-account", "我医保卡里的钱能不能给我父母用"),
        ("medical-chronic", "我有高血压和糖尿病，想申请慢性病"),
        ("medical-enrol", "孩子刚出生，居民医保怎么交"),
        ("maternity-allowance", "我去年十月生的孩子 生育津贴 到 现在 没 发 下来"),
        ("maternity-expense", "我老婆剖腹产花了一万多，生孩子报销怎么弄"),
        ("card-loss", "我 的 社保卡 丢了 我 想 挂失"),
        ("card-apply", "我三月份办的社保卡到现在还没拿到，制卡进度能查吗"),
        ("card-replace", "我的社保卡坏了，刷不出来，想换卡"),
        ("card-password", "社保卡密码忘记了，怎么改密码"),
        ("unemployment-benefit", "我被公司裁员了，失业金怎么领，能领几个月"),
        ("unemployment-skill", "我考了电工证书，技能提升补贴审核了一个月没有动静"),
        ("injury-recognition", "我上班路上被车撞了，算不算工伤，单位不给报"),
        ("injury-assessment", "工伤已经认定了，现在想做劳动能力鉴定，去哪里做"),
        ("labour-contract", "我在厂里干了八个月，老板一直没签劳动合同"),
        ("labour-dismissal", "公司突然把我辞退了，一分钱补偿都不给"),
        ("labour-insurance", "我们单位一直不给我交社保，我想投诉"),
        ("labour-arbitration", "我想申请劳动仲裁，需要带什么材料"),
        ("labour-hours", "我们天天加班到十点，一分钱加班费也没有"),
        ("wages-arrears", "老板 拖欠 我们 三个月 工资 不 发 打 电话 也 不 接"),
        ("wages-migrant", "我在工地上干活，包工头跑了，工钱一分没给"),
        ("wages-progress", "我上个月投诉的，到现在没有结果，想问投诉处理进展"),
        ("employment-startup", "我开了个小店，想申请创业担保贷款"),
        ("talents-archive", "我大学毕业以后档案在哪里，想调档"),
        ("other-online", "掌上12333登录不上去，一直提示验证码不对"),
        ("other-outside", "我想问一下住房公积金怎么提取"),
        ("pension-benefit", "我是六安的 我妈的养老金从八月份开始就没有发了 卡里查不到钱"),
        ("pension-benefit", "你好 请问 退休金 每个月 几号 发"),
        ("pension-retirement", "女职工五十岁退休还是五十五岁退休"),
        ("pension-enrol", "我自己在家没有单位，想以灵活就业身份交养老保险，去哪儿办"),
        ("pension-payment", "我的养老保险交了十三年不够十五年怎么办"),
        ("pension-transfer", "我从浙江辞职回来了 社保 想转回来"),
        ("pension-eligibility", "我奶奶人脸识别老是通不过，养老金给停了"),
        ("medical-reimburse", "我爸爸在省立医院做手术，医药费怎么报销"),
        ("medical-away", "我老家是阜阳的，现在在上海住院，异地怎么结算"),
        ("medical-account", "为什么今年医保个人账户返钱变少了"),
        ("medical-transfer", "我换了工作，医保怎么转移过来"),
        ("maternity-leave", "我们单位说护理假只给十天，到底是多少天"),
        ("maternity-allowance", "请问生育津贴是打到单位还是打到个人"),
        ("card-apply", "我刚到合肥上班，第一次办社保卡，去哪里领卡"),
        ("card-replace", "社保卡快到期了，要不要换"),
        ("card-password", "我 那个 社保卡 好像 没有 激活 怎么 激活"),
        ("card-loss", "我卡掉了，找不到了"),
        ("card-bank", "社保卡里面的钱取不出来"),
        ("unemployment-benefit", "我失业三个月了，失业金申请了还没有到账"),
        ("unemployment-registration", "失业登记在网上怎么弄"),
        ("injury-benefit", "我手指被机器压断了，工伤赔偿一直没给我"),
        ("injury-unpaid", "我在工地上摔伤了，老板没给我买工伤保险"),
        ("labour-contract", "干了一年多公司不跟我签合同"),
        ("labour-dismissal", "我怀孕了，公司要开除我"),
        ("labour-hours", "公司不让休年假，也不给钱"),
        ("labour-insurance", "老板说让我自愿放弃社保，不给我们买社保"),
        ("labour-arbitration", "我去年申请的劳动仲裁什么时候开庭"),
        ("wages-arrears", "我在一个饭店做服务员 老板 两个月 工资 没 给 我"),
        ("wages-arrears", "快过年了，厂里还欠我们工资，请你们管一管"),
        ("wages-migrant", "我们是农民工，项目部拖欠我们二十几个人的工资"),
        ("wages-payment", "公司无缘无故扣我工资"),
        ("wages-minimum", "合肥市最低工资标准是多少"),
        ("employment-hardship", "我是四零五零人员，能不能申请公益性岗位"),
        ("employment-flexible", "灵活就业社保补贴今年什么时候申请"),
        ("talents-title", "请问今年的高级职称什么时候申报"),
        ("talents-exam", "人事考试报名交费没有成功"),
        ("other-online", "皖事通上面登录不进去"),
        ("other-counter", "你们星期六上不上班，窗口地址在哪里"),
        ("other-complaint", "你们窗口那个工作人员态度太差了"),
        ("injury-recognition", "我在工地上摔伤了，老板不管我"),
        ("wages-migrant", "我们在工地上做事，工资半年没给了"),
        ("wages-arrears", "老板拖欠我三个月工资"),
    ],
)
def test_a_caller_who_says_it_is_understood(suggester: SubjectSuggester, subject: str, text: str) -> None:
    found = suggester.suggest(text)
    assert found is not None and found.subject_key == subject
    assert found.because.startswith("提到了“")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 12333 ok ",
        "喂 喂 听得到吗",
        "你好，我有个事情想问一下，麻烦给我回个电话，我的电话是这个号码",
        "谢谢 再见",
        "健康 践踏 保险",
        "我打了好几次都打不通，请你们尽快回电",
        "员工伤心了",
        "我想问一下社保的事情",
        "我的养老保险",
        "我的社保卡丢了，还有养老金没有到账",
        "人工 服务",
        "我的电话没有人接，你们工作人员太忙了",
        "哎呀你给我回个电话吧，我有急事，很急很急",
        "我姓王，住在蜀山区长江西路，请回电",
        "单位的事情",
        "你们电话太难打了",
        "那个 嗯 我 就是 想 咨询 一下 政策",
        "我儿子结婚了今天很高兴",
        "我的手机坏了，你们打我这个号码",
        "你们没给我回电话，我没收到短信",
        "我找不到你们那个地方",
        "我是大学生，加我微信吧",
        "我从浙江辞职回来了",
    ],
)
def test_a_caller_who_does_not_say_it_clearly_is_not_guessed_at(suggester: SubjectSuggester, text: str) -> None:
    assert suggester.suggest(text) is None
