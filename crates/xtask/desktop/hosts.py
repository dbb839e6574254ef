"""Who shows the icon and the notifications: a late panel, a tray of the X Window System, xfce4-notifyd, nobody."""

import subprocess

from gi.repository import Atspi

import tree
from lifecycle import Notifications
from services import NEVER, script, sleeper
from tray import tray_item
from waiting import expect, say, wait

SERVICES = sleeper("web") + script("tape", "sleep 2; echo 'out of <b>tape</b>'; exit 3", restart=NEVER)
WATCHER = "org.kde.StatusNotifierWatcher"
PANEL = ["xfce4-panel", "--disable-wm-check"]


def stop(desktop, name):
    """Ends a program of the desktop."""
    for child in [child for child in desktop.children if name in child.args[0]]:
        desktop.end(child)
        desktop.children.remove(child)


def windows(kind):
    """The windows of a program that can be seen."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", kind], capture_output=True, text=True, check=False)
    return found.stdout.split()


def late_item(desktop):
    return desktop.bus.has_owner(WATCHER) and tray_item(desktop.bus)


def picks_a_late_panel_up(desktop):
    """As after a login, when the panel is slower than the app."""
    stop(desktop, "xfce4-panel")
    wait("no tray is left", lambda: not desktop.bus.has_owner(WATCHER))
    desktop.configure(SERVICES)
    app = desktop.start_app("--background")
    wait("web runs", lambda: desktop.pid("web"))
    desktop.start(PANEL, stderr=subprocess.DEVNULL)
    wait("the panel that came late has the icon", lambda: late_item(desktop))
    expect("there is no window", not tree.is_open())
    say("a panel that starts late gets the icon, and no window was needed")
    return app


def click_at(window, place):
    subprocess.run(["xdotool", "mousemove", "--window", window, str(place), str(place), "click", "1"], check=True)


def lives_in_an_old_tray(desktop, app):
    """A tray of the X Window System takes the icon as a window."""
    stop(desktop, "xfce4-panel")
    wait("the panel is gone", lambda: not desktop.bus.has_owner(WATCHER))
    desktop.start(["trayer", "--edge", "bottom", "--width", "10", "--height", "32"], stderr=subprocess.DEVNULL)
    [icon] = wait("the tray has the icon", lambda: windows("ostler"))
    click_at(icon, 6)
    wait("a click on the icon opens the window", tree.is_open)
    wait("it is ready for keys", tree.focused)
    desktop.picture("check-trayer")
    tree.keys("ctrl+w")
    wait("the window is closed into that tray", lambda: not tree.is_open())
    expect("the app runs on", app.poll() is None)
    # So soon at the same place it would be a double click, which does no more than the first.
    click_at(icon, 20)
    wait("another click brings it back", tree.is_open)
    stop(desktop, "trayer")
    say("a tray of the X Window System gets the icon; a click on it opens the window")


def said_by(program):
    """What a program shows: each node with its name."""
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        node = desktop.get_child_at_index(index)
        if node is not None and program in (node.get_name() or ""):
            return [(one, one.get_name() or "") for one, _ in tree.walk(node)]
    return []


def is_told_by_a_real_service(desktop):
    """xfce4-notifyd, which the bus starts, shows a failure with the words and buttons that it was given."""
    desktop.start(PANEL, stderr=subprocess.DEVNULL)
    wait("there is a tray", lambda: desktop.bus.has_owner(WATCHER))
    app = desktop.start_app("--background")
    wait("a notification is on the screen", lambda: windows("xfce4-notifyd"), 40)
    wait("it tells that tape failed", lambda: any("tape failed" in name for _, name in said_by("xfce4-notifyd")))
    desktop.picture("check-notifyd")
    names = [name for _, name in said_by("xfce4-notifyd")]
    expect(f"it says why, in plain words: {names}", any("exit 3" in name and "<b>tape</b>" in name for name in names))
    run = desktop.instance("tape")["run"]
    button = next(node for node, name in said_by("xfce4-notifyd") if name == "Start again")
    button.get_action_iface().do_action(0)
    wait("its button starts the service", lambda: (desktop.instance("tape") or {}).get("run") != run)
    desktop.end(app)
    say("xfce4-notifyd shows why a service failed, and its button starts it")


class Broken(Notifications):
    """A service that shows nothing."""

    def answer(self, _connection, _sender, _path, _interface, method, _arguments, invocation):
        invocation.return_dbus_error("org.freedesktop.DBus.Error.Failed", f"{method} is broken")


def is_told_at_the_icon_without_a_service(desktop):
    """Qt's icon shows what nobody else does, as it does on Windows; a click on it leads to the service."""
    stop(desktop, "xfce4-panel")
    desktop.configure(SERVICES)
    broken = Broken(desktop.bus)
    desktop.start(["trayer", "--edge", "bottom", "--width", "10", "--height", "32"], stderr=subprocess.DEVNULL)
    app = desktop.start_app("--background")
    icons = wait("the tray has the icon", lambda: windows("ostler"))
    [balloon] = wait("it tells something", lambda: [it for it in windows("ostler") if it not in icons], 40)
    desktop.picture("check-balloon")
    names = [name for _, name in said_by("ostler")]
    expect(f"it says what failed: {names}", "tape failed" in names)
    expect("it says why, in plain words", any("exit 3" in name and "<b>tape</b>" in name for name in names))
    expect("the window was not needed", not tree.is_open())
    click_at(balloon, 30)
    wait("a click on it opens the window", tree.is_open)
    wait("it shows the service", lambda: tree.button("Show incident"))
    desktop.end(app)
    stop(desktop, "trayer")
    broken.close()
    say("without a notification service the icon tells of a failure, and a click leads to it")


def hosts(desktop):
    # The first, because no other service shows anything yet.
    is_told_at_the_icon_without_a_service(desktop)
    desktop.move()
    desktop.start(PANEL, stderr=subprocess.DEVNULL)
    wait("there is a tray", lambda: desktop.bus.has_owner(WATCHER))
    app = picks_a_late_panel_up(desktop)
    lives_in_an_old_tray(desktop, app)
    desktop.end(app)
    desktop.move()
    desktop.configure(SERVICES)
    is_told_by_a_real_service(desktop)
