"""The way of a person through the app: by mouse, by keyboard, by the tray."""

import os
import signal

from gi.repository import GLib

import tree
from language import language
from lifecycle import lifecycle
from tray import menu_entries, tray_item
from waiting import expect, say, wait

SERVICES = """
[services.web]
command = "sleep"
args = ["100000"]
group = "backend"

[services.worker]
command = "sleep"
args = ["100000"]

[services.broken]
command = "sh"
args = ["-c", "echo cannot open the database; exit 3"]
"""
ITEM = "org.kde.StatusNotifierItem"


def new_pid(desktop, name, old):
    return wait(f"{name} gets a new pid", lambda: (lambda pid: pid and pid != old and pid)(desktop.pid(name)))


def walk_is_clean(where):
    wrong = tree.unnamed()
    if wrong:
        raise SystemExit(f"wrong: controls without name or action ({where}):\n  " + "\n  ".join(wrong))


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
    menu = bus.get(name, path, ITEM, "Menu")

    def restart_of_web():
        found = menu_entries(bus, name, menu)
        return next((n for n, label, above in found if label == "Restart" and any("web" in a for a in above)), None)

    old = desktop.pid("web")
    number = wait("the tray menu has Restart of web", restart_of_web)
    event = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("s", ""), 0))
    bus.call(name, menu, "com.canonical.dbusmenu", "Event", event)
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


def check(desktop):
    app = opens(desktop)
    walk_is_clean("services")
    filters(desktop)
    restarts_by_mouse(desktop)
    restarts_by_keyboard(desktop)
    shows_a_crash(desktop)
    tells_the_tray(desktop)
    is_single(desktop, app)
    walk_is_clean("services, after all this")
    say("every control has a name and an action")
    app = survives_a_crash_of_the_app(desktop, app)
    ends(desktop, app)
    language(desktop)
    lifecycle(desktop)
