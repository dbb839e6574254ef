"""Whether everything fits: from right to left, in the least window, and at twice the size."""

import tree
from pictures import resize
from services import BROKEN, sleeper
from waiting import expect, say, wait
from walk import round_trip

SERVICES = sleeper("web", env={"PORT": "8080"}) + BROKEN


def inside(inner, outer):
    """Whether a place is within another from left to right."""
    return outer[0] <= inner[0] and inner[0] + inner[2] <= outer[0] + outer[2]


def collide(one, other):
    """Whether two places in one line lie over each other; what is scrolled may lie behind what is not."""
    middles = abs(one[1] + one[3] / 2 - other[1] - other[3] / 2)
    return middles < min(one[3], other[3]) / 3 and max(one[0], other[0]) < min(one[0] + one[2], other[0] + other[2])


def squeezed():
    """What leaves the window at its sides, has no room, or lies over another control."""
    frame = tree.extents(tree.window())
    shown = [(node, above) for node, above in tree.on_top() if tree.is_showing(node)]
    # What a page scrolls goes on behind the footer, which has the same parent as the page.
    footer = next(((tree.extents(node), above) for node, above in shown if node.get_name() == "Edit Config"), None)
    wrong, seen = [], []
    for node, above in shown:
        if node.get_role_name() not in tree.NAMED:
            continue
        name, place = node.get_name(), tree.extents(node)
        if footer and len(above) > len(footer[1]) and place[1] + place[3] > footer[0][1]:
            continue
        if not inside(place, frame) or place[2] <= 0 or place[3] <= 0:
            wrong.append(f"{node.get_role_name()} {name!r} at {place} leaves the window at {frame}")
        if node.get_role_name() in tree.BUTTONS:
            wrong += [f"{name!r} at {place} lies over {other!r} at {at}" for other, at in seen if collide(place, at)]
            seen.append((name, place))
    return wrong


def fits(desktop, where, is_there):
    wait(f"{where} is there", is_there)
    wrong = []

    def nothing_is_wrong():
        wrong[:] = squeezed()
        return not wrong

    try:
        wait("all fit", nothing_is_wrong, 3)
    except SystemExit:
        desktop.picture("check-squeezed")
        expect(f"all fits ({where}), not\n  " + "\n  ".join(wrong), False)


def pages(desktop, how):
    """Goes through the pages that have most on them."""

    def page(name, is_there):
        fits(desktop, f"{name}, {how}", is_there)
        desktop.picture(f"check-{how}-{name}")

    tree.keys("ctrl+1")
    page("services", lambda: tree.find("list item", "broken, Failed"))
    # By keys: at twice the size a place in the tree is not that of the pointer.
    tree.keys("Home")
    wait("the first row has the keyboard", lambda: tree.focused().get_role_name() == "list item")
    tree.keys("Return")
    page("detail", lambda: tree.find("panel", "Details of broken"))
    tree.keys("Escape", "Escape", "ctrl+comma")
    page("settings", lambda: tree.find("heading", "Settings"))
    round_trip(f"settings, {how}")
    tree.keys("ctrl+e")
    page("editor", lambda: tree.focused() and tree.focused().get_role_name() == "text")
    tree.keys("Escape")


def layout(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app("--language", "mirrored")
    wait("the window is there", lambda: tree.find("list item", "broken, Failed"))
    pages(desktop, "mirrored")
    resize((640, 480))
    wait("the window is small", lambda: tree.extents(tree.window())[2] == 640)
    pages(desktop, "mirrored-narrow")
    desktop.end(app)
    app = desktop.start_app(environment={"QT_SCALE_FACTOR": "2"})
    wait("the window is there", lambda: tree.find("list item", "broken, Failed"))
    pages(desktop, "twice")
    desktop.end(app)
    say("services, detail, settings and editor fit from right to left, in the least window and at twice the size")
