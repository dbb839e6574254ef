"""The way of a person through the app: by mouse, by keyboard, by the tray."""

import os
import signal

import tree
from channel import channel
from colours import colours
from editor import editor
from faults import faults
from flood import flood
from hosts import hosts
from language import language
from layout import layout
from lifecycle import lifecycle
from services import script, sleeper
from tray import ITEM, choose, tray_item
from waiting import expect, say, wait
from walk import is_clean, walk

SERVICES = (
    sleeper("web", group="backend")
    + sleeper("worker")
    + script("broken", "echo cannot open the database; exit 3")
)


def new_pid(desktop, name, old):
    return wait(f"{name} gets a new pid", lambda: (lambda pid: pid and pid != old and pid)(desktop.pid(name)))


def opens(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("web runs", lambda: desktop.pid("web"))
    for name in ("web", "worker", "broken"):
        wait(f"the window shows {name}", lambda name=name: tree.find_text(name))
    say("the window shows three services")
    return app


def filters(desktop):
    tree.keys("slash")
    tree.type_text("work")
    wait("the filter leaves only worker", lambda: tree.find_text("worker") and not tree.find_text("web,"))
    tree.keys("Escape")
    wait("Escape brings web back", lambda: tree.find_text("web,"))
    tree.keys("Escape")
    say("/ filters the list, Escape clears it")


def restarts_by_mouse(desktop):
    old = desktop.pid("web")
    tree.point(tree.find_text("web"))
    tree.click(wait("the row of web has a Restart button", lambda: tree.find_button("restart", "web")))
    new_pid(desktop, "web", old)
    say("a click on Restart gives web a new pid")
    desktop.picture("check-window")


def restarts_by_keyboard(desktop):
    old = desktop.pid("web")
    tree.point(tree.find_text("worker"))
    # The list is one stop of Tab; its first row is the heading of web's group or web.
    tree.keys("slash", "Escape")
    tree.keys("Home")
    for _ in range(8):
        tree.keys("ctrl+r")
        chosen = tree.focused()
        if chosen is not None and "web" in (chosen.get_name() or ""):
            break
        tree.keys("Down")
    new_pid(desktop, "web", old)
    say("Ctrl+R on the row of web gives it a new pid")


def shows_a_crash(desktop):
    wait("broken has failed", lambda: (desktop.instance("broken") or {}).get("phase") == "failed", 40)
    wait("its row says why", lambda: tree.find_text("exit 3"))
    say("a crash is shown with its exit code in the row")


def tells_the_tray(desktop):
    bus = desktop.bus
    name, path = wait("the tray icon is registered", lambda: tray_item(bus))

    def tip():
        return " ".join(bus.get(name, path, ITEM, "ToolTip")[2:])

    wait("the tooltip names what failed", lambda: "broken" in tip())
    say("the tray icon says " + ", ".join(tip().split("\n")))
    old = desktop.pid("web")
    choose(desktop, "Restart of web", lambda label, above: label == "Restart" and any("web" in it for it in above))
    new_pid(desktop, "web", old)
    say("Restart in the tray menu gives web a new pid")


def is_single(desktop, app):
    second = desktop.start_app()
    wait("a second app ends", lambda: second.poll() is not None)
    expect(
        f"the second app ended with {second.returncode}, the first with {app.poll()}",
        app.poll() is None and second.returncode == 0,
    )
    say("a second app leaves the first alone")


def survives_a_crash_of_the_app(desktop, app):
    pid = desktop.pid("web")
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    app = desktop.start_app()
    wait("the window is back", tree.app_node)
    wait("web is supervised again", lambda: desktop.pid("web"))
    expect(f"web had pid {pid} and has {desktop.pid('web')}", desktop.pid("web") == pid)
    say("services outlive a killed app and keep their pids")
    return app


def ends(desktop, app):
    desktop.end(app)
    wait("the services end with the app", lambda: desktop.cli("status").returncode != 0)
    say("quitting stops the services")


def window(desktop):
    app = opens(desktop)
    filters(desktop)
    restarts_by_mouse(desktop)
    restarts_by_keyboard(desktop)
    shows_a_crash(desktop)
    tells_the_tray(desktop)
    is_single(desktop, app)
    is_clean("the window after all this", lambda: tree.find_text("web, "))
    say("every control has a name and an action")
    app = survives_a_crash_of_the_app(desktop, app)
    ends(desktop, app)


PARTS = {
    "window": window,
    "editor": editor,
    "walk": walk,
    "layout": layout,
    "channel": channel,
    "colours": colours,
    "flood": flood,
    "faults": faults,
    "language": language,
    "lifecycle": lifecycle,
    "hosts": hosts,
}


def check(desktop, *names):
    """Goes all ways, or those that are named; each in a home of its own."""
    for name, part in PARTS.items():
        if not names or name in names:
            desktop.move()
            part(desktop)
