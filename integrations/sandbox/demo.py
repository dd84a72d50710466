"""The demo persons: one for each thing worth hearing at the phone page, with a query PIN that can be keyed.

They are printed on the sandbox's index page; `shows` says what each is for.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from integrations.sandbox.ids import old_permanent_resident_number, permanent_resident_number, resident_number
from integrations.sandbox.lives import end_of_last_month
from integrations.sandbox.records import (
    MAKING_STEPS,
    MEDICAL_EMPLOYEE,
    MEDICAL_RESIDENT,
    PENSION_EMPLOYEE,
    PENSION_RESIDENT,
    Benefit,
    Card,
    Making,
    Medical,
    Pension,
    Person,
)


def demo_people(today: date) -> Iterator[Person]:
    """The same fourteen every day; only the dates that the systems give move with `today`."""
    demo = _Demo(today)
    yield from demo.of_the_province()
    yield from demo.of_the_cities()
    yield from demo.with_a_snag()
    yield from demo.from_abroad()


class _Demo:
    def __init__(self, today: date) -> None:
        self._today = today
        self._made = 0

    def of_the_province(self) -> Iterator[Person]:
        yield self._person(
            "王芳", "340103", date(1985, 3, 8), "998", "258036", "340000",
            "省直参保：养老在缴、医保正常、一张正常的卡",
            pensions=(self._employee("340000", "1", months=186, account=7_283_645),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "349900", "1", 362_418),), cards=("normal",),
        )  # fmt: skip
        yield self._person(
            "李强", "340102", date(1958, 6, 15), "999", "581206", "340000",
            "省直退休，正在领养老金；号码是 340102 加 1958 年，这样的地区码早先并不存在",
            pensions=(self._retired("340000", 486_750),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "349900", "1", 1_204_500),), cards=("normal",),
        )  # fmt: skip
        # The day makes the check character an X.
        yield self._person(
            "李芳", "340104", date(1991, 9, 16), "996", "470025", "340000",
            "号码末位是 X，键盘上按星号键；养老暂停缴费",
            pensions=(self._employee("340000", "2", months=63, account=2_210_000),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "349900", "2", 8_205),), cards=("normal",),
        )  # fmt: skip

    def of_the_cities(self) -> Iterator[Person]:
        yield self._person(
            "王建国", "342423", date(1954, 11, 2), "997", "136907", "341500",
            "六安居民，正在领待遇（AAC008、AAC031 是 1、3）；号码开头是已撤销的 342423",
            pensions=(self._resident("341500", "1", "3", Benefit(self._month, 24_860, "1")),),
            medical=(self._medical(MEDICAL_RESIDENT, "341522", "1", 0),), cards=("normal",),
        )  # fmt: skip
        yield self._person(
            "李秀英", "342601", date(1956, 5, 20), "998", "804512", "340100",
            "合肥居民，待遇暂停（2、3）；号码开头是已撤销的巢湖 342601；卡临时挂失中",
            pensions=(self._resident("340100", "2", "3", Benefit("202605", 26_300, "1")),),
            medical=(self._medical(MEDICAL_RESIDENT, "340181", "1", 0),), cards=("temporary",),
        )  # fmt: skip
        yield self._person(
            "王强", "340111", date(1979, 12, 2), "999", "615049", "340200",
            "号码是合肥的，人在芜湖参保：省里查到后要转芜湖",
            pensions=(self._employee("340200", "1", months=231, account=9_016_200),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "340299", "1", 51_100),), cards=("normal",),
        )  # fmt: skip
        yield self._person(
            "李娜", "341202", date(1988, 7, 7), "996", "729381", "341200",
            "两份养老（芜湖职工暂停、阜阳居民在缴）和两份医保",
            pensions=(
                self._employee("340200", "2", months=40, account=1_380_050),
                self._resident("341200", "1", "1", None),
            ),
            medical=(
                self._medical(MEDICAL_RESIDENT, "341200", "1", 0),
                self._medical(MEDICAL_EMPLOYEE, "340200", "2", 1_290),
            ),
            cards=("normal",),
        )  # fmt: skip
        yield self._person(
            "王娜", "340302", date(1994, 2, 28), "998", "903164", "340100",
            "合肥参保，两张卡：一张正式挂失，一张正常",
            pensions=(self._employee("340100", "1", months=98, account=4_700_300),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "340104", "1", 140_077),), cards=("formal", "normal"),
        )  # fmt: skip

    def with_a_snag(self) -> Iterator[Person]:
        yield self._person(
            "李军", "340803", date(1983, 10, 10), "997", "198310", "340800",
            "密码还是初始的（出生年月），电话里不能用它查", pin_is_initial=True,
            pensions=(self._employee("340800", "1", months=120, account=5_102_000),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "340800", "1", 90_000),), cards=("normal",),
        )  # fmt: skip
        yield self._person(
            "王艳", "341102", date(1999, 1, 21), "996", None, "341100",
            "没有设过查询密码；卡正在做，已经到市里",
            pensions=(self._employee("341100", "1", months=30, account=1_200_000),),
            medical=(self._medical(MEDICAL_EMPLOYEE, "341100", "1", 0),), making=self._making(7),
        )  # fmt: skip
        yield self._person(
            "李伟", "341602", date(2001, 4, 16), "999", "347215", "341600",
            "制卡失败：照片不合格",
            pensions=(self._resident("341600", "1", "1", None),),
            medical=(self._medical(MEDICAL_RESIDENT, "341600", "4", 0),),
            making=self._making(2, "-1", "照片不合格,请重新采集"),
        )  # fmt: skip
        yield self._person(
            "王丽", "340503", date(1972, 8, 25), "998", "560738", "340500",
            "没有养老保险；医保在南京",
            medical=(self._medical(MEDICAL_EMPLOYEE, "320104", "1", 77_700),),
        )  # fmt: skip

    def from_abroad(self) -> Iterator[Person]:
        born = date(1980, 5, 6)
        number = permanent_resident_number("34", "250", born, "997")
        yield self._of(number, "MARTIN PIERRE", "1", born, "441199", "340100",
                       "外国人，新版永久居留证：9 开头的 18 位数字",
                       (self._employee("340100", "1", months=55, account=3_950_000),),
                       (self._medical(MEDICAL_EMPLOYEE, "340199", "1", 45_600),), ("normal",))  # fmt: skip
        number = old_permanent_resident_number("DEU", "3401", date(1976, 9, 30), 27)
        yield self._of(number, "SCHMIDT ANNA", "2", date(1976, 9, 30), "662200", "340100",
                       "外国人，旧版证件：字母开头，电话键盘按不出来，只能由咨询员查",
                       (self._employee("340100", "2", months=20, account=1_150_000),), (), ())  # fmt: skip

    def _person(
        self, name: str, code: str, born: date, sequence: str, pin: str | None, place: str, shows: str, *,
        pensions: tuple[Pension, ...] = (), medical: tuple[Medical, ...] = (), cards: tuple[str, ...] = (),
        making: Making | None = None, pin_is_initial: bool = False,
    ) -> Person:  # fmt: skip
        number = resident_number(code, born, sequence)
        sex = "1" if int(sequence) % 2 else "2"
        return self._of(number, name, sex, born, pin, place, shows, pensions, medical, cards, making, pin_is_initial)

    def _of(
        self, number: str, name: str, sex: str, born: date, pin: str | None, place: str, shows: str,
        pensions: tuple[Pension, ...], medical: tuple[Medical, ...], cards: tuple[str, ...],
        making: Making | None = None, pin_is_initial: bool = False,
    ) -> Person:  # fmt: skip
        self._made += 1
        made = tuple(self._card(status, which) for which, status in enumerate(cards))
        making = making or (self._making(len(MAKING_STEPS), days_ago=900) if made else None)
        person_number = f"34{self._made:012d}"
        return Person(number, name, sex, born, person_number, place, pin, pin_is_initial,
                      pensions, medical, made, making, shows)  # fmt: skip

    @property
    def _month(self) -> str:
        return f"{end_of_last_month(self._today):%Y%m}"

    def _employee(self, place: str, aac031: str, months: int, account: int) -> Pension:
        as_of = end_of_last_month(self._today)
        return Pension(PENSION_EMPLOYEE, place, aac031, aac031, "0", months, 0, account, as_of)

    def _retired(self, place: str, amount: int) -> Pension:
        benefit = Benefit(self._month, amount, "1")
        as_of = end_of_last_month(self._today)
        return Pension(PENSION_EMPLOYEE, place, "1", "3", "1", 312, 96, 3_100_000, as_of, benefit)

    def _resident(self, place: str, aac008: str, aac031: str, benefit: Benefit | None) -> Pension:
        as_of = date(self._today.year - 1, 12, 31)
        return Pension(PENSION_RESIDENT, place, aac008, aac031, "0", 180 if benefit else 72, 0, 384_000, as_of, benefit)

    def _medical(self, kind: str, place: str, status: str, balance: int) -> Medical:
        paused = self._today - timedelta(days=90) if status in ("2", "4") else None
        employer = "城乡居民参保库" if kind == MEDICAL_RESIDENT else "新城物业公司"
        return Medical(kind, place, status, balance, date(2012, 3, 1), paused, employer)

    def _card(self, status: str, which: int) -> Card:
        # A series of their own: Y9 and who it is.
        number = f"Y9{self._made:05d}{which}{self._made % 10}"
        return Card(number, "96588", f"629658800000{self._made:04d}{which}", status, 4 if status == "temporary" else 0)

    def _making(self, steps: int, tag: str = "0", remarks: str = "", days_ago: int = 30) -> Making:
        days = tuple(self._today - timedelta(days=days_ago - 3 * step) for step in range(steps))
        return Making(days, "96588", tag, remarks)
