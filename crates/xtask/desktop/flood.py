"""Much at once: a log that floods the window, and several services that stop in order."""

import os
import re

import tree
from services import script, sleeper
from waiting import expect, say, wait

SERVICES = (
    sleeper("db")
    + sleeper("api", depends_on={"db": "started"})
    + script(
        "flood",
        "n=0; while :; do n=$((n+1)); echo line $n of the flood; done",
        depends_on={"api": "started"},
    )
)
# Whoever waits so long calls it frozen; how much less it is depends on what else the machine does.
FROZEN_MS = 2000.0
FIGURES = re.compile(r"the Qt thread answered.*?asked=(\d+) median_ms=([\d.]+) p99_ms=([\d.]+) max_ms=([\d.]+)")


def figures(desktop):
    """How long the Qt thread kept others waiting, as the app measured it last."""
    with open(os.path.join(desktop.out_dir, "app.log"), encoding="utf-8", errors="replace") as file:
        found = FIGURES.findall(re.sub(r"\x1b\[[\d;]*m", "", file.read()))
    return found[-1] if found else None


def newest():
    """The number of the last line that is shown."""
    numbers = [re.search(r"line (\d+) of the flood", text) for text in tree.shown_texts()]
    return max((int(number.group(1)) for number in numbers if number), default=0)


def follows_a_flood(desktop):
    wait("the flood runs", lambda: desktop.pid("flood"))
    tree.click(wait("its row is there", lambda: tree.find("list item", "flood, ")))
    tree.keys("Return", "alt+2")
    first = wait("its lines are shown", newest)
    wait("the window follows", lambda: newest() > first + 1000)
    asked, median, p99, longest = wait("the delay of the Qt thread is measured", lambda: figures(desktop), 20)
    expect(f"the window does not freeze: {longest} ms", float(longest) < FROZEN_MS)
    desktop.picture("check-flood")
    say(f"a flood of lines is followed; the Qt thread answered {asked} times, p50 {median} ms, p99 {p99} ms, longest {longest} ms")


def stands_still(desktop):
    tree.click(tree.find("list", "Log of flood"))
    tree.keys("Prior")
    wait("scrolling up lets the lines stand", lambda: tree.find_text("new line"))
    still = newest()
    expect("they stand", newest() == still)
    tree.keys("End")
    wait("the end follows again", lambda: newest() > still)
    say("scrolling up pauses the log, its end follows again")


def stops_in_order(desktop):
    tree.keys("Escape", "Escape")
    tree.click(tree.find("list item", "db, "))
    tree.keys("ctrl+a")
    wait("all are selected", lambda: tree.find_text("3 selected"))
    tree.press("Stop…")
    wait("the order is asked about", lambda: tree.find("dialog", "Stop 3 services?"))
    order = [node.get_name().split(",")[0] for node, _ in tree.nodes() if re.match(r"\d\. ", node.get_name() or "")]
    expect(f"each stops before what it needs: {order}", order == ["1. flood", "2. api", "3. db"])
    expect("nothing has stopped yet", desktop.pid("db") and desktop.pid("flood"))
    desktop.picture("check-order")
    tree.press("Stop 3 services")
    for name in ("flood", "api", "db"):
        wait(f"{name} has stopped", lambda name=name: (desktop.instance(name) or {}).get("phase") == "stopped")
        wait(f"its row says so", lambda name=name: tree.find("list item", f"{name}, Stopped"))
    say("several services stop after their order was shown and confirmed")


def flood(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app(environment={"OSTLER_MEASURE_STALLS": "1"})
    follows_a_flood(desktop)
    stands_still(desktop)
    stops_in_order(desktop)
    desktop.end(app)
