"""The accessible tree of the window, keys and the pointer."""

import subprocess

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

BUTTONS = {"push button", "toggle button", "check box", "radio button", "menu item", "entry", "combo box", "link"}


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


def keys(*names):
    """Types keys into whatever has the focus: `ctrl+r`, `Down`."""
    subprocess.run(["xdotool", "key", "--clearmodifiers", *names], check=True)


def type_text(text):
    subprocess.run(["xdotool", "type", "--clearmodifiers", "--delay", "5", text], check=True)


def shown_texts():
    """Every name on the screen."""
    return [node.get_name() or "" for node, _ in nodes() if is_showing(node)]


def focused():
    """The node that has the keyboard."""
    states = Atspi.StateType
    return next((node for node, _ in nodes() if node.get_state_set().contains(states.FOCUSED)), None)
