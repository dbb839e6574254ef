"""What goes wrong outside, followed into the window: each fault in words of its own, where a person looks first."""

import os
import signal
import socket

import tree
from services import NEVER, service, sleeper
from waiting import expect, say, wait

SERVICES = (
    service("ghost", "no-such-program")
    + sleeper("lost", working_dir="/no/such/folder")
    + sleeper("orphan")
    + sleeper("alone", restart=NEVER)
)


def row(name, why):
    """Waits for the row of a service that has failed, with this in its second line."""

    def says_so():
        node = tree.find("list item", name + ", ")
        return node is not None and why in node.get_name()

    wait(f"the row of {name} says {why!r}", says_so, 40)


def tells_what_cannot_start(port):
    row("ghost", "Failed, program not found: no-such-program")
    row("lost", "Failed, working directory /no/such/folder: no such file or directory")
    row("late", f"Failed, port {port} is in use by python3")
    say("a missing program, a missing folder and a taken port are each named in the row")


def keeper_of(desktop, name):
    """The pid of the process above the service."""
    with open(f"/proc/{desktop.pid(name)}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def tells_of_a_lost_keeper(desktop):
    old = wait("orphan runs", lambda: desktop.pid("orphan"))
    os.kill(keeper_of(desktop, "orphan"), signal.SIGKILL)
    wait("orphan runs under a new keeper", lambda: desktop.pid("orphan") not in (None, old))
    row("orphan", "Running")
    os.kill(keeper_of(desktop, "alone"), signal.SIGKILL)
    row("alone", "Failed, its keeper process died")
    say("a killed keeper is replaced, or named where nothing restarts")


def tells_of_a_broken_file(desktop, services):
    broken = services + service("new", "sleep", retries=3)
    line = broken[: broken.index("retries")].count("\n") + 1
    desktop.configure(broken)
    banner = wait("the banner tells of the file", lambda: tree.find("alert", "ostler.toml has a problem"))
    expect(f"it says what and where: {banner.get_name()}", f"{line}:1: unknown key `retries`" in banner.get_name())
    expect("what runs stays", desktop.pid("orphan"))
    desktop.picture("check-faults")
    desktop.configure(services)
    wait("the banner goes with its cause", lambda: not tree.find("alert", "ostler.toml has"))
    say("a broken configuration is named with its line, and stays out of force")


def tells_of_a_disk_that_takes_nothing(desktop, services):
    """Root writes wherever it wants, so that this shows something only to others."""
    if os.geteuid() == 0:
        return
    folder = os.path.dirname(desktop.config)

    def what_is_told():
        banner = tree.find_text("Permission denied")
        return banner and banner.get_name().replace(folder, "…")

    tree.keys("ctrl+e")
    wait("the editor is open", lambda: tree.find("text", "Text of ostler.toml"))
    tree.type_text("# A remark.")
    tree.keys("Return")
    tree.press("Save…")
    wait("the difference is shown", lambda: tree.find("list item", "added: # A remark."))
    os.chmod(folder, 0o500)
    tree.press("Write it")
    told = wait("the editor tells that nothing was written, and why", what_is_told)
    expect("nothing is lost on disk", desktop.configured() == services)
    os.chmod(folder, 0o700)
    tree.press("Write it")
    wait("the second try writes it", lambda: desktop.configured() == "# A remark.\n" + services)
    tree.keys("Escape")
    say(f"a disk that takes nothing is told in the editor: {told}")


def mends_what_no_engine_can_read(desktop):
    """A first start with a mistake in the file: no engine, so the window leads to the mistake, and saving starts one."""
    desktop.configure(sleeper("mended", retries=3))
    app = desktop.start_app()
    wait("the window says that no engine can start", lambda: tree.find("alert", "No engine"))
    tree.press("Edit Config")
    wait("the editor is open at the mistake", lambda: tree.find_text("Line 4, column 1"))
    tree.keys("Home", "shift+End", "Delete")
    wait("the mistake is gone", lambda: not tree.button("Go to line"))
    tree.press("Save…")
    tree.press("Write it")
    wait("the engine starts with the mended file", lambda: desktop.pid("mended"))
    wait("the window shows it", lambda: tree.find("list item", "mended, Running"))
    desktop.end(app)
    say("a file that no engine can read is mended in the window, and the services start")


def faults(desktop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        services = SERVICES + sleeper("late", ports=[port])
        desktop.configure(services)
        app = desktop.start_app()
        tells_what_cannot_start(port)
    tells_of_a_lost_keeper(desktop)
    tells_of_a_broken_file(desktop, services)
    tells_of_a_disk_that_takes_nothing(desktop, services)
    desktop.end(app)
    desktop.move()
    mends_what_no_engine_can_read(desktop)
