"""Every page as a person without a mouse or without eyes has it: names, actions, and the way of the Tab key."""

import tree
from services import BROKEN, script, sleeper
from waiting import expect, say, wait

SERVICES = (
    sleeper("db", group="data")
    + script("web", "echo serving; sleep 100000", depends_on={"db": "started"}, env={"PORT": "8080"})
    + BROKEN
)
TABS = ("Overview", "Logs", "Metrics", "Incidents", "Configuration", "Environment")
MENU = ("Doctor", "Keyboard", "About Ostler")


def is_clean(where, is_there):
    """Waits for the page, then looks at each control, heading and list of it."""
    wait(f"{where} is there", is_there)
    wrong = []

    def none_is_wrong():
        # What is just being made has no name for a moment.
        wrong[:] = tree.unnamed()
        return not wrong

    try:
        wait("all have names", none_is_wrong, 3)
    except SystemExit:
        expect(f"all have a name and an action ({where}), not\n  " + "\n  ".join(wrong), False)


def place(node):
    """What it is and where."""
    return (node.get_role_name(), node.get_name(), *tree.extents(node))


def is_in_view(stop, node):
    """Whether it is within the window, and within the page that scrolls."""
    x, y, width, height = stop[2:]
    while node is not None and node.get_role_name() != "application":
        if node.get_role_name() in ("panel", "frame", "dialog"):
            left, top, wide, high = tree.extents(node)
            if x < left or y < top or x + width > left + wide or y + height > top + high:
                return False
        node = node.get_parent()
    return width > 0 and height > 0


def step(key, before):
    """One press of a key; where the keyboard is then."""

    def moved():
        now = tree.focused()
        return now is not None and place(now) != before and place(now)

    tree.keys(key)
    return wait(f"{key} leads on from {before}", moved, 10)


def round_trip(where, *, text=None):
    """Goes by Tab, out of a text by F6, until it comes back; each stop can be seen, and none comes twice."""
    first = place(wait("something has the keyboard", tree.focused))
    way = [first]
    while True:
        now = step("F6" if way[-1][1] == text else "Tab", way[-1])
        if now == first:
            return way
        expect(f"Tab comes back to where it began, not to {now} ({where}): {way}", now not in way)
        expect(f"what has the keyboard can be seen ({where}): {now}", now[1] and is_in_view(now, tree.focused()))
        way.append(now)


def visits_all(where, **more):
    """A round trip on which all controls lie."""
    way = [stop[1] for stop in round_trip(where, **more)]
    missing = [name for name in tree.stops() if name not in way]
    expect(f"Tab comes to {missing} ({where}): {way}", not missing)


def services():
    is_clean("services", lambda: tree.find_text("broken, Failed"))
    tree.keys("Home")
    wait("the first row has the keyboard", lambda: (tree.focused().get_name() or "").startswith("data, "))
    visits_all("services")
    named = [step("Down", place(tree.focused()))[1] for _ in range(4)]
    expect(f"readers hear each row: {named}", [name.partition(",")[0] for name in named] == ["db", "Other", "broken", "web"])
    say("Tab goes once around the services, and each row is told")


def detail():
    tree.keys("Return")
    for number, tab in enumerate(TABS, 1):
        tree.keys(f"alt+{number}")
        is_clean(tab, lambda tab=tab: (tree.focused().get_name() or "").startswith(tab))
        visits_all(f"detail, {tab}")
    tree.keys("Escape", "Escape")
    wait("the detail is closed", lambda: not tree.find_text("Details of web"))
    say("every control of the detail has a name and an action, and Tab goes once around each of its pages")


def pages():
    tree.keys("ctrl+comma")
    is_clean("settings", lambda: tree.find("panel", "Settings"))
    visits_all("settings")
    for page in MENU:
        tree.press("Menu")
        is_clean("the menu", lambda page=page: tree.find("menu item", page))
        tree.press(page)
        is_clean(page, lambda page=page: tree.find("panel", page.split()[0]))
    tree.keys("ctrl+1")
    say("so have settings, doctor, keyboard and about; Tab goes once around the settings")


def questions():
    dialogs = {"ctrl+k": ("text", "Search or run"), "ctrl+shift+r": ("dialog", "Restart"), "ctrl+q": ("dialog", "Quit Ostler?")}
    for keys, (role, name) in dialogs.items():
        tree.keys(keys)
        is_clean(name, lambda role=role, name=name: tree.find(role, name))
        tree.keys("Escape")
        wait(f"{name} is gone", lambda role=role, name=name: not tree.find(role, name))
    tree.press("Menu")
    tree.press("Save diagnostics…")
    is_clean("diagnostics", lambda: tree.find("dialog", "Save diagnostics"))
    tree.keys("Escape")
    tree.keys("Home", "Down", "shift+F10")
    is_clean("the menu of a row", lambda: tree.find("menu item", "Details"))
    tree.keys("Escape")
    tree.press("Add service")
    is_clean("adding a service", lambda: tree.find("dialog", "Which service is to be added?"))
    tree.keys("Escape")
    wait("no dialog is left", lambda: not tree.find("dialog", ""))
    say("so have the palette, the menus, and the questions")


def editor():
    tree.keys("ctrl+e")
    is_clean("the editor", lambda: tree.find("text", "Text of ostler.toml"))
    wait("the text has the keyboard", lambda: tree.focused().get_role_name() == "text")
    tree.type_text("nonsense = 1")
    tree.keys("Return")
    is_clean("its problems", lambda: tree.button("Go to line"))
    visits_all("editor", text="Text of ostler.toml")
    tree.press("Show diff")
    is_clean("the difference", lambda: tree.find("list item", "added: nonsense = 1"))
    tree.press("Form")
    is_clean("the form", lambda: tree.find("heading", "What runs"))
    tree.press("Earlier versions")
    is_clean("the history", lambda: tree.find("heading", "Earlier versions"))
    tree.keys("Escape", "Escape")
    is_clean("the question before changes are lost", lambda: tree.button("Go on editing"))
    tree.press("Discard")
    wait("the editor is gone", lambda: not tree.find("text", "Text of ostler.toml"))
    say("so has the editor with all its panels; Tab and F6 go once around it")


def onboarding(desktop):
    desktop.configure("")
    is_clean("onboarding", lambda: tree.find("heading", "No services yet"))
    say("so has the page for an empty configuration")


def walk(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app()
    services()
    detail()
    pages()
    questions()
    editor()
    onboarding(desktop)
    desktop.end(app)
