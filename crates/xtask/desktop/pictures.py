"""Pictures of the window, to be looked at: every page and state in every theme."""

import os
import subprocess

import tree
from services import script, service, sleeper
from waiting import say, wait

THEMES = ("light", "dark", "high-contrast")
SIZES = {"": (1280, 800), "narrow-": (640, 480)}
# What the pictures are called that are taken at twice the size.
TWICE = {"twice-": (2560, 1600), "twice-narrow-": (1280, 960)}
TABS = ("overview", "logs", "metrics", "incidents", "configuration", "environment")
BY_KEYS = {
    "palette": "ctrl+k",
    "events": "ctrl+2",
    "connections": "ctrl+3",
    "settings": "ctrl+comma",
    "keyboard": "F1",
    "restart-all": "ctrl+shift+r",
    "quit": "ctrl+q",
}
BY_MENU = {"doctor": "Doctor", "about": "About Ostler", "diagnostics": "Save diagnostics…"}
EDITOR = {"diff": "Show diff", "form": "Form", "history": "Earlier versions"}

BUSY = (
    script(
        "postgres",
        'while true; do echo "$(date +%T) LOG: checkpoint complete"; sleep 1; done',
        group="Data",
        ports={"sql": "auto"},
    )
    + sleeper("redis", group="Data")
    + script(
        "api",
        "echo starting; sleep 0.4; echo 'ERROR address already in use' >&2; exit 1",
        group="Backend",
        depends_on={"postgres": "started"},
    )
    + script("worker", "while true; do echo job done; sleep 0.5; done", group="Backend", max_instances=2)
    + sleeper("web", group="Frontend", depends_on={"worker": "started"})
    + service("migrate", "true", oneshot=True)
    + script("slow", "sleep 100000", ready={"tcp": "127.0.0.1:9", "timeout": "300s"})
)


def many(count):
    """A configuration with many services."""
    return "".join(sleeper(f"s{n:04}", group=f"g{n % 20}") for n in range(count))


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
        subprocess.run(["import", "-window", window(), path], check=True)
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
    for number, tab in enumerate(TABS, 1):
        tree.keys(f"alt+{number}")
        still(desktop, prefix + tab)
    tree.keys("Escape", "Escape", "Escape")
    for name, keys in BY_KEYS.items():
        tree.keys(keys)
        still(desktop, prefix + name)
        tree.keys("Escape", "Escape")
    for name, entry in BY_MENU.items():
        tree.press("Menu")
        wait("the menu is open", lambda entry=entry: tree.button(entry))
        tree.press(entry)
        still(desktop, prefix + name)
        tree.keys("Escape", "ctrl+1")
    tree.press("Menu")
    still(desktop, prefix + "menu")
    tree.keys("Escape")
    tree.press("Add service")
    still(desktop, prefix + "add")
    tree.keys("Escape")
    editor(desktop, prefix)


def editor(desktop, prefix):
    """The editor with a mistake, and what it shows beside the text."""
    tree.keys("ctrl+e")
    wait("the text has the keyboard", lambda: tree.focused() and tree.focused().get_role_name() == "text")
    tree.type_text("nonsense = 1")
    tree.keys("Return")
    wait("the mistake is found", lambda: tree.button("Go to line"))
    still(desktop, prefix + "editor")
    for name, button in EDITOR.items():
        tree.press(button)
        still(desktop, prefix + "editor-" + name)
    tree.keys("Escape", "Escape")
    wait("it asks before changes are lost", lambda: tree.button("Discard"))
    still(desktop, prefix + "editor-discard")
    tree.press("Discard")
    wait("the editor is gone", lambda: not tree.find("text", "Text of ostler.toml"))


def shoot(desktop, theme, sizes, **environment):
    """All pages in one theme."""
    desktop.configure(BUSY)
    app = desktop.start_app("--theme", theme, environment=environment)
    wait("the window is in the accessible tree", tree.app_node)
    wait("api has failed", lambda: (desktop.instance("api") or {}).get("phase") in ("failed", "backoff"))
    wait("the window says so", lambda: tree.find_text("exit 1"))
    for prefix, size in sizes.items():
        resize(size)
        scenes(desktop, f"{theme}-{prefix}")
    desktop.end(app)


def crowd(desktop, sizes, **environment):
    """Nothing, and more than anybody has."""
    for name, config in (("empty", ""), ("thousand", many(1000))):
        desktop.configure(config)
        app = desktop.start_app("--theme", "light", environment=environment)
        wait("the window is in the accessible tree", tree.app_node)
        if config:
            wait("the last service runs", lambda: desktop.pid("s0999"), 120)
        for prefix, size in sizes.items():
            resize(size)
            still(desktop, f"light-{prefix}{name}")
        desktop.end(app, 120)


def screenshots(desktop):
    for theme in THEMES:
        shoot(desktop, theme, SIZES)
    crowd(desktop, SIZES)


def screenshots_twice(desktop):
    """The same on a screen of twice as many points."""
    tree.scale = 2
    for theme in THEMES:
        shoot(desktop, theme, TWICE, QT_SCALE_FACTOR="2")
    crowd(desktop, TWICE, QT_SCALE_FACTOR="2")
