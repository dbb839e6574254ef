"""What the window costs: time, processor, memory, and how long the Qt thread keeps others waiting."""

import json
import os
import re
import statistics
import subprocess
import time

import tree
from feed import Feed
from pictures import many, opened
from services import script, service
from waiting import say, wait

STARTS = 7
IDLE_SECONDS = 20
SCROLL_SECONDS = 15
BUSY_SECONDS = 20
NEWS_SERVICES = 500
NEWS_PER_SECOND = 10_000
TICKS = os.sysconf("SC_CLK_TCK")
MEASURED = re.compile(r"the Qt thread answered")
FIGURE = re.compile(r"(\w+)=([\d.]+)")
WINDOW = re.compile(r"0x[0-9a-f]+")
FRAME = re.compile(r"Frame rendered with 'software' renderloop in (\d+)ms")

HEAD = """Written by `cargo xtask bench --window`; release build, Xvfb, software renderer, 1280 × 800, on the machine above.
The engine runs in the same process.

| measured | value | goal | |
|---|---:|---:|---|
"""

FLOOD = script(
    "flood",
    "i=0; while true; do i=$((i+1)); echo $i INFO a line of some length, as services write them; done",
)


def crashing(count):
    """Services that end as soon as they run, and are started again as fast as the engine may."""
    text = '[defaults.restart]\npolicy = "always"\nmax_restarts = 0\ndelay = "10ms"\nmax_delay = "10ms"\n'
    return text + "".join(service(f"s{n:04}", "true", group=f"g{n % 20}") for n in range(count))


def processor(pid):
    """Seconds of processor time so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def switches(pid):
    """How often each of its threads was woken so far."""
    woken = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            woken[task] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M).group(1))
    return woken


def memory(pid):
    """Resident memory in MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"^VmRSS:\s+(\d+)", file.read(), re.M).group(1)) / 1024


def idle(pid):
    """Share of one processor in percent, and wake-ups per second, while nobody does anything."""
    time.sleep(5)  # what starting costs is not what idling costs
    before, woken, begin = processor(pid), switches(pid), time.monotonic()
    time.sleep(IDLE_SECONDS)
    elapsed = time.monotonic() - begin
    share = 100 * (processor(pid) - before) / elapsed
    # Threads that ended meanwhile take their count along.
    more = sum(count - woken.get(task, 0) for task, count in switches(pid).items())
    return share, more / elapsed


class Log:
    """What the app has logged since a moment."""

    def __init__(self, desktop):
        self.path = os.path.join(desktop.out_dir, "app.log")
        self.begin = os.path.getsize(self.path)

    def lines(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self.begin)
            return re.sub(r"\x1b\[[0-9;]*m", "", file.read()).splitlines()

    def stalls(self):
        """The worst of each figure, all periods together."""
        worst = {}
        # The first period began before the moment that is asked about.
        for line in [line for line in self.lines() if MEASURED.search(line)][1:]:
            for name, value in FIGURE.findall(line):
                worst[name] = max(worst.get(name, 0.0), float(value))
        return worst

    def frames(self):
        return [int(found.group(1)) for line in self.lines() if (found := FRAME.search(line))]


def first_window(desktop):
    """Milliseconds from the start of the program until the window manager has its window."""
    client_list = subprocess.Popen(
        ["xprop", "-spy", "-root", "_NET_CLIENT_LIST"], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    windows = set(WINDOW.findall(client_list.stdout.readline()))
    times = []
    for _ in range(STARTS):
        begin = time.monotonic()
        app = desktop.start_app()
        while True:
            now = set(WINDOW.findall(client_list.stdout.readline()))
            fresh, windows = now - windows, now
            if fresh:
                break
        times.append((time.monotonic() - begin) * 1000)
        wait("the window is in the accessible tree", tree.app_node)
        desktop.end(app)
        while windows & fresh:
            windows = set(WINDOW.findall(client_list.stdout.readline()))
    client_list.kill()
    return statistics.median(times[1:])


def told(figures, name, value, unit, goal=None):
    wanted = "" if goal is None else f"≤ {goal:g} {unit}"
    verdict = "" if goal is None else "reached" if value <= goal else "**missed**"
    figures.append(f"| {name} | {value:.2f} {unit} | {wanted} | {verdict} |\n")
    say(f"{name}: {value:.2f} {unit}" + (f" (at most {goal:g})" if goal is not None else ""))


def at_rest(desktop, figures):
    desktop.configure(many(50))
    told(figures, "first window after start, 50 services", first_window(desktop), "ms", 500)
    app = desktop.start_app("--background")
    wait("the last service runs", lambda: desktop.pid("s0049"), 60)
    share, woken = idle(app.pid)
    told(figures, "idle and hidden, processor", share, "%", 0.05)
    told(figures, "idle and hidden, wake-ups", woken, "/s")
    told(figures, "idle and hidden, resident", memory(app.pid), "MiB")
    desktop.end(app, 60)
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("the last service runs", lambda: desktop.pid("s0049"), 60)
    share, woken = idle(app.pid)
    told(figures, "idle and visible, processor", share, "%", 1)
    told(figures, "idle and visible, wake-ups", woken, "/s")
    opened("s0001")
    for number in range(1, 7):
        tree.keys(f"alt+{number}")
    told(figures, "visible, every tab seen, resident", memory(app.pid), "MiB", 150)
    desktop.end(app, 60)


def stalls_told(figures, what, log):
    worst = log.stalls()
    told(figures, f"{what}: Qt thread answers, median of the worst 5 s", worst.get("median_ms", 0), "ms")
    told(figures, f"{what}: 99 of 100 within", worst.get("p99_ms", 0), "ms", 16)
    told(figures, f"{what}: longest", worst.get("max_ms", 0), "ms")


def thousand_rows(desktop, figures):
    desktop.configure(many(1000))
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("the last service runs", lambda: desktop.pid("s0999"), 120)
    tree.keys("Tab", "Home")
    log, end = Log(desktop), time.monotonic() + SCROLL_SECONDS
    x, y = 640, 400
    subprocess.run(["xdotool", "mousemove", str(x), str(y)], check=True)
    while time.monotonic() < end:
        for button in ("5", "4"):
            subprocess.run(["xdotool", "click", "--repeat", "60", "--delay", "33", button], check=True)
    frames = sorted(log.frames())
    if frames:
        told(figures, "1,000 services scrolled: frames drawn", len(frames) / SCROLL_SECONDS, "/s")
        told(figures, "1,000 services scrolled: 99 of 100 frames within", frames[len(frames) * 99 // 100], "ms", 33)
    stalls_told(figures, "1,000 services scrolled", log)
    told(figures, "1,000 services, resident", memory(app.pid), "MiB")
    desktop.end(app, 120)


def flood(desktop, figures):
    desktop.configure(FLOOD)
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("flood runs", lambda: desktop.pid("flood"))
    opened("flood")
    tree.keys("alt+2")
    log = Log(desktop)
    time.sleep(BUSY_SECONDS)
    stalls_told(figures, "a log flood followed", log)
    told(figures, "a log flood followed, resident", memory(app.pid), "MiB")
    desktop.end(app, 60)


def state_changes(desktop, figures):
    """Every start and end of a process is four changes: starting, running, backoff, and the end of it."""
    desktop.configure(crashing(400))
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("they crash", lambda: restarts(desktop) > 400, 60)
    log, before, begin = Log(desktop), revision(desktop), time.monotonic()
    time.sleep(BUSY_SECONDS)
    elapsed = time.monotonic() - begin
    told(figures, "400 services that crash, state changes shown", (revision(desktop) - before) / elapsed, "/s")
    stalls_told(figures, "400 services that crash", log)
    desktop.end(app, 120)


def news(desktop, figures):
    """As many changes as the goal names, told by a relay; the window shows them as the app of a daemon."""
    desktop.configure(many(NEWS_SERVICES))
    daemon = desktop.start([os.path.join(desktop.bin_dir, "ostler"), "daemon"], env=desktop.environment())
    wait("the last service runs", lambda: desktop.pid(f"s{NEWS_SERVICES - 1:04}"), 60)
    feed = Feed(desktop.cli("socket").stdout.strip(), NEWS_PER_SECOND)
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("the news are on their way", lambda: feed.told > NEWS_PER_SECOND)
    log, before, begin = Log(desktop), feed.told, time.monotonic()
    time.sleep(BUSY_SECONDS)
    rate = (feed.told - before) / (time.monotonic() - begin)
    told(figures, f"{NEWS_SERVICES} services, state changes told by a relay", rate, "/s")
    stalls_told(figures, f"{rate:.0f} state changes/s", log)
    told(figures, f"{rate:.0f} state changes/s, resident", memory(app.pid), "MiB")
    desktop.end(app, 60)
    feed.close()
    desktop.end(daemon, 60)


def status(desktop):
    return json.loads(desktop.cli("status", "--json").stdout)


def restarts(desktop):
    services = status(desktop)["services"].values()
    return sum(instance["restart_count"] for service in services for instance in service["instances"])


def revision(desktop):
    return status(desktop)["seq"]


PARTS = {"rest": at_rest, "rows": thousand_rows, "flood": flood, "crashes": state_changes, "news": news}


def cost(desktop, *names):
    """Measures all, or what is named."""
    figures = []
    for name, part in PARTS.items():
        if names and name not in names:
            continue
        if name != "rest":
            # The meters wake the app themselves.
            os.environ["OSTLER_MEASURE_STALLS"] = "1"
            os.environ["QT_LOGGING_RULES"] = "qt.scenegraph.time.renderloop=true"
        part(desktop, figures)
    with open(os.path.join(desktop.out_dir, "cost.md"), "w", encoding="utf-8") as file:
        file.write(HEAD + "".join(figures))
