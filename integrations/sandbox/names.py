"""Names as common as they come; any likeness is chance."""

SURNAMES = tuple(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭"
    "廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)  # fmt: skip
TWO_CHARACTER_SURNAMES = ("欧阳", "上官", "司马", "诸葛")
GIVEN = {
    "1": ("伟", "强", "磊", "军", "勇", "杰", "涛", "明", "超", "刚", "平", "辉", "建国", "志强", "国庆", "文斌"),
    "2": ("芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "秀英", "桂英", "秀兰", "玉兰", "丽华", "晓燕", "欣怡"),
}  # fmt: skip
FOREIGN_NAMES = ("MARTIN PIERRE", "SCHMIDT ANNA", "SMITH JOHN", "KIM MINJI", "TANAKA YUI", "OKAFOR CHIDI")
EMPLOYERS = ("{}机床厂", "{}公共交通集团", "{}第二人民医院", "{}新城物业公司", "{}建工集团", "{}实验小学")
# Reasons why a card could not be made. One has a raw & in it, as the system's own answers do.
FAILURES = (
    ("-1", "照片不合格,请重新采集"),
    ("-2", "姓名与公安信息不一致"),
    ("-3", "证件有效期已过&请更新"),
    ("-4", "银行开户失败"),
)
