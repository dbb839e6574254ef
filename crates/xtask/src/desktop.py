"""Drives ostler-tray on a desktop of its own: through its accessible tree and the message bus.

usage: desktop.py check|screenshots BIN_DIR OUT_DIR

Runs inside `dbus-run-session`, with DISPLAY naming a screen that nobody sees. Every wait is bounded and ends as
soon as the fact is there.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

BUTTONS = {"push button", "toggle button", "check box", "radio button", "menu item", "entry", "combo box", "link"}


def wait(what, look, limit=15.0):
    """Waits until `look` finds something; a wait that ends in vain is a failure."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"wrong: {what} (waited {limit:.0f} s)")


def say(what):
    print(f"ok: {what}", flush=True)


class Bus:
    """The private session bus."""

    def __init__(self):
        self.connection = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def call(self, name, path, interface, method, arguments=None):
        answer = self.connection.call_sync(
            name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 5000, None
        )
        return answer.unpack()

    def get(self, name, path, interface, key):
        arguments = GLib.Variant("(ss)", (interface, key))
        return self.call(name, path, "org.freedesktop.DBus.Properties", "Get", arguments)[0]

    def has_owner(self, name):
        arguments = GLib.Variant("(s)", (name,))
        path = "/org/freedesktop/DBus"
        return self.call("org.freedesktop.DBus", path, "org.freedesktop.DBus", "NameHasOwner", arguments)[0]


class Desktop:
    """A window manager, a panel, and the app in a home of its own."""

    def __init__(self, bin_dir, out_dir):
        self.bin_dir, self.out_dir = bin_dir, out_dir
        self.children = []
        self.home = tempfile.mkdtemp(prefix="od-")
        os.makedirs(out_dir, exist_ok=True)
        self.bus = Bus()
        self.start(["openbox"], stderr=subprocess.DEVNULL)
        self.start(["xfce4-panel", "--disable-wm-check"], stderr=subprocess.DEVNULL)
        wait("the panel hosts tray icons", lambda: self.bus.has_owner("org.kde.StatusNotifierWatcher"))

    def environment(self):
        run = os.environ["XDG_RUNTIME_DIR"]
        places = {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_DATA_HOME": "data"}
        own = {name: os.path.join(self.home, place) for name, place in places.items()}
        return {**os.environ, **own, "XDG_RUNTIME_DIR": run}

    def start(self, command, **more):
        child = subprocess.Popen(command, start_new_session=True, **more)
        self.children.append(child)
        return child

    def configure(self, text):
        folder = os.path.join(self.home, "config", "ostler")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "ostler.toml"), "w", encoding="utf-8") as file:
            file.write(text)

    def start_app(self, *options):
        app = os.path.join(self.bin_dir, "ostler-tray")
        log = open(os.path.join(self.out_dir, "app.log"), "ab")
        return self.start([app, *options], env=self.environment(), stderr=log)

    def cli(self, *words):
        program = os.path.join(self.bin_dir, "ostler")
        return subprocess.run([program, *words], env=self.environment(), capture_output=True, text=True, timeout=60)

    def instance(self, name):
        said = self.cli("status", "--json")
        if said.returncode != 0:
            return None
        service = json.loads(said.stdout)["services"].get(name)
        return service["instances"][0] if service else None

    def pid(self, name):
        instance = self.instance(name)
        return instance["pid"] if instance and instance["phase"] == "running" else None

    def picture(self, name):
        subprocess.run(["import", "-window", "root", os.path.join(self.out_dir, name + ".png")], check=False)

    def end(self, child, limit=20.0):
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def close(self):
        for child in reversed(self.children):
            self.end(child)


def app_node():
    """The app in the accessible tree."""
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        node = desktop.get_child_at_index(index)
        if node is not None and "ostler" in (node.get_name() or "").lower() and node.get_child_count() > 0:
            return node
    return None


def walk(node, above=()):
    """Every node with the names of those above it."""
    yield node, above
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child is not None:
            yield from walk(child, (*above, node.get_name() or ""))


def nodes():
    app = app_node()
    return list(walk(app)) if app else []


def is_showing(node):
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


def find_text(text):
    return next((node for node, _ in nodes() if text in (node.get_name() or "") and is_showing(node)), None)


def find_button(word, service):
    """A button with this word that belongs to the service, by its own name or that of a row above it."""
    for node, above in nodes():
        name = node.get_name() or ""
        is_button = node.get_role_name() in BUTTONS and name.lower().startswith(word)
        if is_button and is_showing(node) and (service in name or any(service in row for row in above)):
            return node
    return None


def centre(node):
    place = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
    return str(place.x + place.width // 2), str(place.y + place.height // 2)


def point(node):
    """Moves the pointer there, as a person does before the buttons of a row appear."""
    subprocess.run(["xdotool", "mousemove", *centre(node)], check=True)


def click(node):
    subprocess.run(["xdotool", "mousemove", *centre(node), "click", "1"], check=True)


def unnamed():
    """Controls that a screen reader could not name or use."""
    wrong = []
    for node, above in nodes():
        if node.get_role_name() not in BUTTONS or not is_showing(node):
            continue
        has_action = "Action" in node.get_interfaces() and Atspi.Action.get_n_actions(node) > 0
        if not node.get_name() or not (has_action or node.get_role_name() in ("entry",)):
            wrong.append(f"{node.get_role_name()} {node.get_name()!r} below {' / '.join(above)}")
    return wrong


def tray_item(bus):
    """Bus name and path of our tray icon."""
    watcher = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")
    for item in bus.get(*watcher, "RegisteredStatusNotifierItems"):
        name, slash, path = item.partition("/")
        path = slash + path or "/StatusNotifierItem"
        if "ostler" in str(bus.get(name, path, "org.kde.StatusNotifierItem", "Id")).lower():
            return name, path
    return None


def menu_entries(bus, name, menu):
    """All entries of the menu as (id, label, labels above)."""
    arguments = GLib.Variant("(iias)", (0, -1, []))
    _, root = bus.call(name, menu, "com.canonical.dbusmenu", "GetLayout", arguments)

    def entries(item, above):
        number, properties, children = item
        label = str(properties.get("label", "")).replace("_", "")
        yield number, label, above
        for child in children:
            yield from entries(child, (*above, label))

    return list(entries(root, ()))


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


def new_pid(desktop, name, old):
    return wait(f"{name} gets a new pid", lambda: (lambda pid: pid and pid != old and pid)(desktop.pid(name)))


def check(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app()
    wait("the window is in the accessible tree", app_node)
    old = wait("web runs", lambda: desktop.pid("web"))
    for name in ("web", "worker", "broken"):
        wait(f"the window shows {name}", lambda name=name: find_text(name))
    say("the window shows three services")
    point(find_text("web"))
    click(wait("the row of web has a Restart button", lambda: find_button("restart", "web")))
    old = new_pid(desktop, "web", old)
    say("a click on Restart gives web a new pid")
    desktop.picture("check-window")
    bus = desktop.bus
    name, path = wait("the tray icon is registered", lambda: tray_item(bus))
    tip = bus.get(name, path, "org.kde.StatusNotifierItem", "ToolTip")
    say("the tray icon says " + ", ".join(" ".join(tip[2:]).split("\n")))
    menu = bus.get(name, path, "org.kde.StatusNotifierItem", "Menu")

    def restart_of_web():
        found = menu_entries(bus, name, menu)
        return next((n for n, label, above in found if label == "Restart" and any("web" in a for a in above)), None)

    number = wait("the tray menu has Restart of web", restart_of_web)
    event = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("s", ""), 0))
    bus.call(name, menu, "com.canonical.dbusmenu", "Event", event)
    new_pid(desktop, "web", old)
    say("Restart in the tray menu gives web a new pid")
    second = desktop.start_app()
    wait("a second app ends", lambda: second.poll() is not None)
    if app.poll() is not None or second.returncode != 0:
        raise SystemExit(f"wrong: the second app ended with {second.returncode}, the first with {app.poll()}")
    say("a second app leaves the first alone")
    wrong = unnamed()
    if wrong:
        raise SystemExit("wrong: controls without name or action:\n  " + "\n  ".join(wrong))
    say("every control has a name and an action")
    desktop.end(app)
    wait("the services end with the app", lambda: desktop.cli("status").returncode != 0)
    say("quitting stops the services")


def screenshots(desktop):
    for theme in ("light", "dark", "high-contrast"):
        desktop.configure(SERVICES)
        app = desktop.start_app("--theme", theme)
        wait("the window is in the accessible tree", app_node)
        for name in ("web", "worker", "broken"):
            wait(f"the window shows {name}", lambda name=name: find_text(name))
        wait("broken has failed", lambda: (desktop.instance("broken") or {}).get("phase") == "failed")
        wait("the window says so", lambda: find_text("Failed"))
        desktop.picture(f"main-{theme}")
        say(f"main-{theme}.png")
        desktop.end(app)


def main():
    what, bin_dir, out_dir = sys.argv[1:4]
    desktop = Desktop(bin_dir, out_dir)
    try:
        {"check": check, "screenshots": screenshots}[what](desktop)
    except SystemExit:
        desktop.picture(f"{what}-failed")
        raise
    finally:
        desktop.close()


main()
