"""The accessible tree of the window, keys and the pointer."""

import functools
import subprocess

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

from waiting import wait  # noqa: E402

BUTTONS = {"push button", "toggle button", "check box", "radio button", "menu item", "combo box", "link", "page tab"}
CONTROLS = BUTTONS | {"entry", "text", "slider"}
# What a reader jumps to or reads out has a name as well.
NAMED = CONTROLS | {"heading", "label", "list", "list item", "page tab list", "panel", "chart", "image", "tool bar"}

STATES = {"focused": Atspi.StateType.FOCUSED, "checked": Atspi.StateType.CHECKED}

# A tree that changes under the one who looks at it stands still sooner than this.
LOOKS_MAX = 10

# Points of the screen in one of the window; the tree counts the window's.
scale = 1


def patient(look):
    """Looks again when a node went away in between."""

    @functools.wraps(look)
    def looks(*words):
        for _ in range(LOOKS_MAX):
            try:
                return look(*words)
            except GLib.Error:
                continue
        return look(*words)

    return looks


@patient
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


@patient
def nodes():
    app = app_node()
    return list(walk(app)) if app else []


@patient
def on_top():
    """The nodes of the topmost dialog, or of the window when none lies over it."""
    found = nodes()
    tops = [node for node, above in found if node.get_role_name() == "dialog" and len(above) == 2 and is_showing(node)]
    return list(walk(tops[-1])) if tops else found


@patient
def stops():
    """The names of all controls that Tab should come to; of a list and of a row of tabs it is one of them."""
    names, lists = [], set()
    for node, above in on_top():
        role, name = node.get_role_name(), node.get_name() or ""
        if role in ("list", "page tab list"):
            lists.add((*above, name))
        is_inside = any(above[: len(path)] == path for path in lists)
        if role in CONTROLS and not is_inside and is_showing(node) and is_on(node):
            names.append(name)
    return names


def is_showing(node):
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


@patient
def find_text(text):
    return next((node for node, _ in nodes() if text in (node.get_name() or "") and is_showing(node)), None)


@patient
def find_button(word, service):
    """A button with this word that belongs to the service, by its own name or that of a row above it."""
    for node, above in nodes():
        name = node.get_name() or ""
        is_button = node.get_role_name() in BUTTONS and name.lower().startswith(word)
        if is_button and is_showing(node) and (service in name or any(service in row for row in above)):
            return node
    return None


@patient
def find(role, name):
    """A node of this role whose name begins so."""
    for node, _ in nodes():
        if node.get_role_name() == role and (node.get_name() or "").startswith(name) and is_showing(node):
            return node
    return None


@patient
def button(name):
    """A button of exactly this name that can be pressed."""
    for node, _ in nodes():
        if node.get_name() == name and node.get_role_name() in BUTTONS and is_showing(node) and is_on(node):
            return node
    return None


@patient
def window():
    return next(node for node, _ in nodes() if node.get_role_name() == "frame")


def is_open():
    """Whether there is a window."""
    return app_node() is not None and any(node.get_role_name() == "frame" and is_showing(node) for node, _ in nodes())


def press(name):
    """Clicks on a button as soon as it is there."""
    click(wait(f"there is a button {name!r}", lambda: button(name)))


def is_on(node):
    """Whether it can be pressed; Qt 6.4 has no state for that."""
    return "not available" not in (node.get_description() or "")


def text_of(node):
    """What is written in it."""
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node)).replace("\u2029", "\n")


def centre(node):
    x, y, width, height = extents(node)
    return str(scale * (x + width // 2)), str(scale * (y + height // 2))


def point(node):
    """Moves the pointer there, as a person does before the buttons of a row appear."""
    subprocess.run(["xdotool", "mousemove", *centre(node)], check=True)


def click(node):
    subprocess.run(["xdotool", "mousemove", *centre(node), "click", "1"], check=True)


def extents(node):
    """Its place on the screen: x, y, width, height."""
    place = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
    return place.x, place.y, place.width, place.height


@patient
def unnamed():
    """What a screen reader could not name, and controls that it could not use."""
    wrong = []
    for node, above in nodes():
        role = node.get_role_name()
        if role not in NAMED or not is_showing(node):
            continue
        has_action = "Action" in node.get_interfaces() and Atspi.Action.get_n_actions(node) > 0
        if not (node.get_name() or "").strip() or (role in BUTTONS and not has_action):
            wrong.append(f"{role} {node.get_name()!r} below {' / '.join(above)}")
    return wrong


def keys(*names):
    """Types keys into whatever has the focus: `ctrl+r`, `Down`."""
    subprocess.run(["xdotool", "key", "--clearmodifiers", *names], check=True)


def type_text(text):
    subprocess.run(["xdotool", "type", "--clearmodifiers", "--delay", "5", text], check=True)


@patient
def told():
    """All that is shown, for a person who looks for what went wrong."""
    lines = []
    for node, above in nodes():
        if is_showing(node):
            x, y, width, height = extents(node)
            states = node.get_state_set()
            marks = [word for word, state in STATES.items() if states.contains(state)]
            name = (node.get_name() or "")[:100]
            about = (node.get_description() or "")[:100]
            size = f"{width}x{height}+{x}+{y}"
            lines.append(" ".join(["  " * len(above) + node.get_role_name(), repr(name), size, *marks, about]))
    return "\n".join(lines) + "\n"


@patient
def shown_texts():
    """Every name on the screen."""
    return [node.get_name() or "" for node, _ in nodes() if is_showing(node)]


@patient
def focused():
    """The node that has the keyboard; what it stands in says the same of itself."""
    states = Atspi.StateType
    return next((node for node, _ in reversed(nodes()) if node.get_state_set().contains(states.FOCUSED)), None)
