"""A telephone in the terminal: dials the running system with signed webhooks, as the carrier would. `make dial`.

python -m tests.dial [--url http://127.0.0.1:12333] [--to 12333] [--from 13855112345]
"""

from __future__ import annotations

import argparse
import os

from tests.caller import Caller, CarrierError, http_transport

HELP = "按键后回车；直接回车表示不按键；h 挂机"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', '12333')}")
    parser.add_argument("--to", default="12333")
    parser.add_argument("--from", dest="caller", default="+8613800138000")
    options = parser.parse_args()
    caller = Caller(options.url, http_transport(), caller=options.caller, dialled=options.to)
    print(f"拨打 {options.to}（{options.url}）  {HELP}\n")
    try:
        caller.ring()
        _talk(caller)
    except (CarrierError, OSError) as error:
        print(f"线路断了：{error}。系统在运行吗？（make run）")
        return
    print(f"\n通话结束，通话编号 {caller.sid}。用 python app.py ledger 看账目。")


def _talk(caller: Caller) -> None:
    heard = 0
    while True:
        for sentence in caller.heard[heard:]:
            print(f"  {sentence}")
        heard = len(caller.heard)
        if caller.is_over:
            return
        verb = caller.waiting.verb.tag if caller.waiting else ""
        if verb == "Dial":
            print("  [响铃……值班电话没有人接]")
            caller.desk("no-answer")
            continue
        if verb == "Record":
            print("  [嘀——录音，当作说了十秒]")
            caller.speak(10)
            continue
        typed = _ask()
        if typed is None or typed == "h":
            caller.hang_up()
            return
        caller.press(typed) if typed else caller.wait()


def _ask() -> str | None:
    while True:
        try:
            typed = input("按键> ").strip()
        except EOFError:
            return None
        if typed in ("", "h") or set(typed) <= set("0123456789*#"):
            return typed
        print(f"  {HELP}")


if __name__ == "__main__":
    main()
