"""Whether everything that is shown can be shown in another language."""

import re

import tree
from services import sleeper
from waiting import expect, say, wait

SERVICES = sleeper("web")

# Names, numbers, addresses, keys and paths are the same in all languages.
FOREIGN = re.compile(r"^(web|Ostler|ostler-tray|[\d.,:%–]+( (s|min|h|d|%|MiB|GiB|B|KiB))*|/|F\d+|[A-Z]|(Ctrl|Shift|Alt)\+.*|/.*)$")


# As the app marks what it has looked up.
ACCENTS = str.maketrans("aeou", "àéöü")


def marked(sentence):
    return f"⟦{sentence.translate(ACCENTS)}~⟧"


def unmarked():
    """What is shown and was not looked up."""
    texts = {text.strip() for text in tree.shown_texts()}
    return sorted(text for text in texts if text and "⟦" not in text and not FOREIGN.match(text))


def says_what_happened():
    """What is put together from parts is said in the language too."""
    tree.press(marked("Menu"))
    tree.press(marked("About Ostler"))
    wait("it says where the engine is", lambda: tree.find_text(", in this àpp, pid"))
    tree.press(marked("Menu"))
    tree.press(marked("Save diagnostics…"))
    tree.press(marked("Save diagnostics"))
    wait("it says that they are written", lambda: tree.find_text("⟦Diàgnöstics writtén"))
    say("so can what is put together from parts")


def language(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app("--language", "pseudo")
    wait("the window is in the accessible tree", tree.app_node)
    wait("it shows web", lambda: tree.find_text("web"))
    wait(f"everything is looked up: {unmarked()}", lambda: not unmarked())
    say("every sentence of the window can be translated")
    desktop.picture("check-pseudo")
    says_what_happened()
    desktop.end(app)
    app = desktop.start_app("--language", "mirrored")
    wait("the window is in the accessible tree", tree.app_node)
    wait("it shows web", lambda: tree.find_text("web"))
    filter_x, _ = tree.centre(wait("it has the filter", lambda: tree.find_text("Filter services")))
    middle, _ = tree.centre(tree.window())
    expect(f"the filter is on the right, at {filter_x} of {middle}", int(filter_x) > int(middle))
    desktop.picture("check-mirrored")
    say("a language that goes to the left mirrors the window")
    desktop.end(app)
