"""The message bus, and a desktop with the app in a home of its own."""

import json
import os
import signal
import subprocess
import tempfile

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

from waiting import wait  # noqa: E402

# On a loaded machine an app may take its time.
ANSWER_MAX_MS = 20_000


class Bus:
    """The private session bus."""

    def __init__(self):
        self.connection = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def call(self, name, path, interface, method, arguments=None):
        answer = self.connection.call_sync(
            name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, ANSWER_MAX_MS, None
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
        self.move()
        os.makedirs(out_dir, exist_ok=True)
        self.bus = Bus()
        self.start(["openbox"], stderr=subprocess.DEVNULL)
        self.start(["xfce4-panel", "--disable-wm-check"], stderr=subprocess.DEVNULL)
        wait("the panel hosts tray icons", lambda: self.bus.has_owner("org.kde.StatusNotifierWatcher"))

    def move(self):
        """A new home, of which no app knows anything."""
        self.home = tempfile.mkdtemp(prefix="od-")
        self.config = os.path.join(self.home, "config", "ostler", "ostler.toml")

    def environment(self):
        run = os.environ["XDG_RUNTIME_DIR"]
        places = {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_DATA_HOME": "data"}
        own = {name: os.path.join(self.home, place) for name, place in places.items()}
        return {**os.environ, **own, "XDG_RUNTIME_DIR": run, "OSTLER_HTTP_PORT": "0"}

    def start(self, command, **more):
        child = subprocess.Popen(command, start_new_session=True, **more)
        self.children.append(child)
        return child

    def configure(self, text):
        os.makedirs(os.path.dirname(self.config), exist_ok=True)
        with open(self.config, "w", encoding="utf-8", newline="") as file:
            file.write(text)

    def configured(self):
        """The bytes of the file, as text."""
        with open(self.config, encoding="utf-8", newline="") as file:
            return file.read()

    def start_app(self, *options, environment=None):
        app = os.path.join(self.bin_dir, "ostler-tray")
        log = open(os.path.join(self.out_dir, "app.log"), "ab")
        return self.start([app, *options], env={**self.environment(), **(environment or {})}, stderr=log)

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
