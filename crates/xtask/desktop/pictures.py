"""Pictures of the window, to be looked at."""

import tree
from check import SERVICES
from waiting import say, wait

THEMES = ("light", "dark", "high-contrast")


def screenshots(desktop):
    for theme in THEMES:
        desktop.configure(SERVICES)
        app = desktop.start_app("--theme", theme)
        wait("the window is in the accessible tree", tree.app_node)
        for name in ("web", "worker", "broken"):
            wait(f"the window shows {name}", lambda name=name: tree.find_text(name))
        wait("broken has failed", lambda: (desktop.instance("broken") or {}).get("phase") == "failed")
        wait("the window says so", lambda: tree.find_text("Failed"))
        desktop.picture(f"main-{theme}")
        say(f"main-{theme}.png")
        desktop.end(app)
