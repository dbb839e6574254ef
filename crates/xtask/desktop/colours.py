"""Whose word counts for the colours of the window: the person's, else that of the configuration."""

import subprocess

import tree
from pictures import window
from services import sleeper
from waiting import say, wait


def brightness():
    """Of the window, from 0 to 1."""
    picture = subprocess.run(["import", "-window", window(), "png:-"], capture_output=True, check=True).stdout
    mean = ["convert", "png:-", "-colorspace", "Gray", "-format", "%[fx:mean]", "info:-"]
    return float(subprocess.run(mean, input=picture, capture_output=True, check=True).stdout)


def configure(desktop, theme):
    desktop.configure(sleeper("web") + f'\n[desktop]\ntheme = "{theme}"\n')


def chosen():
    """What the settings say."""
    return (tree.find("combo box", "Theme").get_description() or "").split(",")[0]


def colours(desktop):
    configure(desktop, "dark")
    app = desktop.start_app()
    wait("the window is in the accessible tree", tree.app_node)
    wait("it is dark", lambda: brightness() < 0.4)
    tree.keys("ctrl+comma")
    wait("the settings say so", lambda: chosen() == "Dark")
    configure(desktop, "light")
    wait("it is light", lambda: brightness() > 0.6)
    wait("the settings say that", lambda: chosen() == "Light")
    say("the window has the colours of the configuration, also when that changes")
    tree.click(tree.find("combo box", "Theme"))
    tree.click(wait("it can be chosen", lambda: tree.find("list item", "Dark")))
    wait("it is dark, as was chosen", lambda: brightness() < 0.4 and chosen() == "Dark")
    desktop.end(app)
    app = desktop.start_app()
    wait("the window is back", tree.app_node)
    wait("it is dark again", lambda: brightness() < 0.4)
    say("colours that were chosen count for more, also the next day")
    desktop.end(app)
