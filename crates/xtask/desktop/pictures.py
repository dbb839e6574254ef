"""Pictures of the window, to be looked at: every page and state in every theme."""

import os
import subprocess

import tree
from waiting import say, wait

THEMES = ("light", "dark", "high-contrast")
SIZES = {"": (1280, 800), "narrow-": (640, 480)}

BUSY = """
[services.postgres]
command = "sh"
args = ["-c", "while true; do echo \\"$(date +%T) LOG: checkpoint complete\\"; sleep 1; done"]
group = "Data"
ports = { sql = "auto" }

[services.redis]
command = "sleep"
args = ["100000"]
group = "Data"

[services.api]
command = "sh"
args = ["-c", "echo starting; sleep 0.4; echo 'ERROR address already in use' >&2; exit 1"]
group = "Backend"
depends_on = { postgres = "started" }

[services.worker]
command = "sh"
args = ["-c", "while true; do echo job done; sleep 0.5; done"]
group = "Backend"
max_instances = 2

[services.web]
command = "sleep"
args = ["100000"]
group = "Frontend"
depends_on = { worker = "started" }

[services.migrate]
command = "true"
oneshot = true

[services.slow]
command = "sh"
args = ["-c", "sleep 100000"]
ready = { tcp = "127.0.0.1:9", timeout = "300s" }
"""


def many(count):
    """A configuration with many services."""
    return "".join(f'[services.s{n:04}]\ncommand = "sleep"\nargs = ["100000"]\ngroup = "g{n % 20}"\n' for n in range(count))


def window():
    found = subprocess.run(["xdotool", "search", "--name", "Ostler"], capture_output=True, text=True, check=False)
    return (found.stdout.split() or [None])[-1]


def resize(size):
    subprocess.run(["xdotool", "windowsize", "--sync", window(), str(size[0]), str(size[1])], check=False, timeout=10)


def still(desktop, name):
    """Takes the picture when two in a row are the same; one that moves for ever is taken as it is."""
    path = os.path.join(desktop.out_dir, name + ".png")
    before = None
    for _ in range(12):
        desktop.picture(name)
        with open(path, "rb") as file:
            now = file.read()
        if now == before:
            break
        before = now
    say(f"{name}.png")


def opened(service):
    """Opens the detail of a service."""
    tree.keys("slash")
    tree.type_text(service)
    wait(f"the filter finds {service}", lambda: tree.find_text(service))
    tree.keys("Down", "Home", "Down", "Return")
    tree.keys("slash", "Escape", "Escape")


def scenes(desktop, prefix):
    """One window of one size, page by page."""
    still(desktop, prefix + "services")
    opened("api")
    for number, tab in enumerate(("overview", "logs", "metrics", "incidents", "configuration", "environment"), 1):
        tree.keys(f"alt+{number}")
        still(desktop, f"{prefix}{tab}")
    tree.keys("Escape", "Escape", "Escape")
    for keys, name in (("ctrl+k", "palette"), ("ctrl+comma", "settings"), ("F1", "keyboard"), ("ctrl+e", "editor")):
        tree.keys(keys)
        still(desktop, prefix + name)
        tree.keys("Escape", "Escape")


def screenshots(desktop):
    for theme in THEMES:
        desktop.configure(BUSY)
        app = desktop.start_app("--theme", theme)
        wait("the window is in the accessible tree", tree.app_node)
        wait("api has failed", lambda: (desktop.instance("api") or {}).get("phase") in ("failed", "backoff"))
        wait("the window says so", lambda: tree.find_text("exit 1"))
        for prefix, size in SIZES.items():
            resize(size)
            scenes(desktop, f"{theme}-{prefix}")
        desktop.end(app)
    for name, config in (("empty", ""), ("thousand", many(1000))):
        desktop.configure(config)
        app = desktop.start_app("--theme", "light")
        wait("the window is in the accessible tree", tree.app_node)
        if config:
            wait("the last service runs", lambda: desktop.pid("s0999"), 120)
        still(desktop, f"light-{name}")
        desktop.end(app, 120)
