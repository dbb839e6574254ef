"""The configuration editor: a mistake and its cure, the plan, saving, and somebody else at the same file."""

import os

import tree
from waiting import expect, say, wait

CONFIG = """# The shop. Ask Ada before you touch the port.

[services.web] # behind the proxy
command = "sleep"
args = ["100000"]
env = { PORT = "8080" } # agreed with the proxy

[services.worker]
command = "sleep"
args = ["100000"]
"""
MISTAKE = 'grup = "shop"'
MENDED = CONFIG.replace('env = {', 'group = "shop"\nenv = {')
CHANGED = CONFIG.replace("8080", "8081")


def area():
    return tree.find("text", "Text of ostler.toml")


def written():
    node = area()
    return tree.text_of(node) if node else None


def wait_for_text(what, text):
    try:
        wait(what, lambda: written() == text)
    except SystemExit as failure:
        raise SystemExit(f"{failure}: {written()!r}") from None


def opens(desktop):
    desktop.configure(CONFIG)
    app = desktop.start_app()
    wait("web and worker run", lambda: desktop.pid("web") and desktop.pid("worker"))
    wait("the window shows them", lambda: tree.find_text("web") and tree.find_text("worker"))
    tree.keys("ctrl+e")
    wait_for_text("Ctrl+E opens the editor over the file", CONFIG)
    return app


def go_to_line(line):
    tree.keys("ctrl+g")
    wait("the line is asked for", lambda: tree.focused() and tree.focused().get_name() == "Go to line")
    tree.type_text(str(line))
    tree.keys("Return")
    wait(f"the cursor is in line {line}", lambda: tree.find_text(f"Line {line}, column 1"))


def marks_a_mistake():
    go_to_line(5)
    tree.keys("End", "Return")
    tree.type_text(MISTAKE)
    problem = wait("the mistake is told at its line and column", lambda: tree.find("list item", "6:1, "))
    expect(f"the problem names the key: {problem.get_name()}", "grup" in problem.get_name())
    wait("the plan waits", lambda: tree.find_text("Waiting for the problems above"))
    wait("nothing can be saved", lambda: not tree.button("Save…"))
    go_to_line(1)
    tree.keys("F8")
    wait("F8 goes to the mistake", lambda: tree.find_text("Line 6, column 1"))
    say("a mistake is told at its line and column, and F8 goes there")


def mends_it():
    tree.press("Change to group")
    wait_for_text("the suggestion is put in", MENDED)
    wait("no problem is left", lambda: tree.find_text("None. This text can be saved."))
    say("the button of the problem mends it")


def undoes():
    while tree.button("Undo (Ctrl+Z)"):
        tree.keys("ctrl+z")
        if written() == CONFIG:
            break
    wait_for_text("undo leads back to the file", CONFIG)
    say("undo leads back to the text of the file")


def finds():
    tree.keys("ctrl+f")
    wait("the search is open", lambda: tree.focused() and tree.focused().get_name() == "Find in the text")
    tree.type_text("8080")
    wait("it is found", lambda: tree.find_text("1 of 1"))
    tree.keys("Escape")
    wait("the text has the keys", lambda: tree.focused() and tree.focused().get_role_name() == "text")
    tree.type_text("8081")
    wait_for_text("what was found is replaced by typing", CHANGED)
    say("find selects what it found")


def saves(desktop):
    web, worker = desktop.pid("web"), desktop.pid("worker")
    wait("the plan says what restarts", lambda: tree.find("list item", "web restarts env.PORT"))
    wait("and what does not", lambda: tree.find("list item", "1 service untouched"))
    tree.keys("ctrl+s")
    wait("the difference is shown", lambda: tree.find("list item", 'added: env = { PORT = "8081"'))
    wait("with the old line", lambda: tree.find("list item", 'removed: env = { PORT = "8080"'))
    expect("nothing is written yet", desktop.configured() == CONFIG)
    desktop.picture("check-editor")
    tree.press("Write it")
    wait("the file has the text", lambda: desktop.configured() == CHANGED)
    wait("web has a new pid", lambda: desktop.pid("web") not in (None, web))
    expect("worker keeps its pid", desktop.pid("worker") == worker)
    wait("the head says that it is saved", lambda: tree.find_text("saved at"))
    say("saving shows the difference, keeps comments, and restarts only the service that changed")


def type_a_remark(desktop, remark):
    """Changes the text at its end; gives what it is then."""
    before = desktop.configured()
    tree.keys("ctrl+End")
    tree.type_text(remark)
    wait_for_text("the remark is in the text", before + remark)
    return before + remark


def conflict(desktop, remark, theirs):
    """Changes the text here and the file outside; gives both."""
    mine = type_a_remark(desktop, remark)
    theirs = desktop.configured().replace(*theirs)
    desktop.configure(theirs)
    wait("the change on disk is told", lambda: tree.find_text("changed on disk while you edited it"))
    for name in ("Compare", "Reload", "Keep mine"):
        wait(f"there is the way {name}", lambda name=name: tree.button(name))
    wait("until then nothing can be saved", lambda: not tree.button("Save…"))
    wait_for_text("my text is still there", mine)
    expect("so is theirs", desktop.configured() == theirs)
    # The engine follows the file, so that mine would undo what is in force now.
    wait("the plan is that from the file on disk", lambda: tree.find("list item", "web restarts args"))
    return mine, theirs


def takes_theirs(desktop):
    mine, theirs = conflict(desktop, "# Mine.", ("100000", "200000"))
    tree.press("Compare")
    wait("the comparison shows my line", lambda: tree.find("list item", "added: # Mine."))
    wait("and theirs", lambda: tree.find("list item", 'removed: args = ["200000"]'))
    desktop.picture("check-editor-conflict")
    tree.press("Back")
    tree.press("Reload")
    wait_for_text("Reload takes the text on disk", theirs)
    wait("there is no conflict any more", lambda: not tree.find_text("changed on disk while you edited it"))
    tree.keys("ctrl+z")
    wait_for_text("undo brings mine back", mine)
    tree.keys("ctrl+shift+z")
    wait_for_text("redo takes the text on disk again", theirs)
    say("a change on disk during editing can be compared and taken, and undo brings the own text back")


def keeps_mine(desktop):
    mine, theirs = conflict(desktop, "# Mine again.", ("200000", "300000"))
    tree.press("Keep mine")
    wait("my text can be saved", lambda: tree.button("Save…"))
    expect("nothing is written yet", desktop.configured() == theirs)
    saves_text(desktop, mine)
    say("or the own text is kept, and saving writes it over the other")


def saves_text(desktop, text):
    tree.press("Save…")
    tree.press("Write it")
    wait("the file has the text", lambda: desktop.configured() == text)
    wait("the text is shown again", lambda: area() and not tree.button("Write it"))


def restores(desktop):
    tree.press("Earlier versions")
    wait("there are versions", lambda: tree.button("Put this version into the editor") or oldest_version())
    tree.click(oldest_version())
    wait("it says what would change", lambda: tree.find("list item", 'added: env = { PORT = "8080" }'))
    tree.press("Put this version into the editor")
    tree.press("Write it")
    wait("the file is what it was at first", lambda: desktop.configured() == CONFIG)
    say("an earlier version can be taken back from the history")


def oldest_version():
    versions = [node for node, _ in tree.nodes() if (node.get_name() or "").startswith("Version of ")]
    return versions[-1] if versions else None


def asks_before_losing(desktop):
    wait("the text is shown again", area)
    type_a_remark(desktop, "# Not yet.")
    wait("it counts as changed", lambda: tree.find_text("(edited)"))
    tree.keys("Escape")
    wait("Escape asks first", lambda: tree.find_text("Discard 1 changed line?"))
    tree.press("Go on editing")
    wait("the text is still there", lambda: tree.find_text("(edited)") and written().endswith("# Not yet."))
    tree.keys("Escape")
    tree.press("Discard")
    wait("the editor is gone", lambda: not area())
    expect("the file is as it was", desktop.configured() == CONFIG)
    say("leaving with changes asks first, and discarding writes nothing")


def outlives_its_file(desktop):
    tree.press("Edit Config")
    wait_for_text("the button in the footer opens the editor again", CONFIG)
    os.remove(desktop.config)
    wait("it says that the file is gone", lambda: tree.find_text("is gone from disk"))
    wait_for_text("the text is still here", CONFIG)
    expect("the services run on", desktop.pid("web") and desktop.pid("worker"))
    tree.press("Keep mine")
    saves_text(desktop, CONFIG)
    say("a deleted file is told, and keeping the text writes it again")


def editor(desktop):
    app = opens(desktop)
    marks_a_mistake()
    mends_it()
    undoes()
    finds()
    saves(desktop)
    takes_theirs(desktop)
    keeps_mine(desktop)
    restores(desktop)
    asks_before_losing(desktop)
    outlives_its_file(desktop)
    tree.keys("Escape")
    wait("the editor is closed", lambda: not area())
    desktop.end(app)
