"""`python -m tests.bench.wait_estimate`: the spoken wait against simulated days, beside the usual running average."""

from __future__ import annotations

from tests.queueing.wait_judgement import KINDS, judge_days

SEEDS = (1, 2, 3, 4, 5)


def measure_wait_estimate() -> None:
    print(f"等待时间的估计：模拟的日子，种子 {', '.join(map(str, SEEDS))}；“平均数”是最近半小时接通的人平均等了多久")
    for kind in KINDS:
        print(f"{kind}", flush=True)
        for seeds in [*((seed,) for seed in SEEDS), SEEDS]:
            result = judge_days(kind, seeds)
            name = f"种子 {seeds[0]}" if len(seeds) == 1 else "合计"
            print(
                f"  {name:<6} 实际平均还要等 {result.actual:4.0f} 秒；平均误差 {result.our_error:4.0f} 秒，"
                f"平均数 {result.usual_error:4.0f} 秒；说出的范围说中 {result.range_held:.0%}"
                f"（等得更久的 {result.too_short:.0%}，平均宽 {result.minutes_wide:.1f} 分钟），"
                f"同样宽时平均数说中 {result.usual_held:.0%}；{result.callers} 人里致歉 {result.apologies} 次",
                flush=True,
            )


if __name__ == "__main__":
    measure_wait_estimate()
