"""What the app does when nobody looks at it: the tray, notifications, the end."""

import signal

from gi.repository import Gio, GLib

import tree
from services import NEVER, script, sleeper
from tray import choose
from waiting import expect, say, wait

SERVICES = sleeper("web") + script("tape", "sleep 2; echo 'out of <b>tape</b>'; exit 3", restart=NEVER)
INTERFACE = """
<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>
"""
NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


class Notifications:
    """A service that shows notifications to this test."""

    def __init__(self, bus):
        self.connection = bus.connection
        self.shown = {}
        self.last = 0
        interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        self.object = self.connection.register_object(PATH, interface, self.answer, None, None)
        self.name = Gio.bus_own_name_on_connection(self.connection, NAME, Gio.BusNameOwnerFlags.REPLACE, None, None)

    def answer(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        if method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (["actions", "body", "body-markup"],)))
        elif method == "Notify":
            _, replaced, _, title, body, actions, _, _ = arguments.unpack()
            if not replaced:
                self.last += 1
            number = replaced or self.last
            self.shown[number] = (title, body, actions[::2])
            invocation.return_value(GLib.Variant("(u)", (number,)))
        else:
            self.shown.pop(arguments.unpack()[0], None)
            invocation.return_value(None)

    def find(self, word):
        """The number of the one whose words contain this."""
        while GLib.MainContext.default().iteration(False):
            pass
        return next((n for n, (title, body, _) in self.shown.items() if word in title or word in body), None)

    def choose(self, number, key):
        arguments = GLib.Variant("(us)", (number, key))
        self.connection.emit_signal(None, PATH, NAME, "ActionInvoked", arguments)
        self.connection.flush_sync(None)

    def close(self):
        """Lets others show notifications."""
        Gio.bus_unown_name(self.name)
        self.connection.unregister_object(self.object)


def tells_of_a_failure(desktop, notes):
    number = wait("a notification tells that tape failed", lambda: notes.find("tape failed"), 40)
    title, body, actions = notes.shown[number]
    expect(f"it says why, and not as markup: {body}", "exit 3" in body and "&lt;b&gt;tape" in body)
    expect(f"it has its buttons: {actions}", actions == ["default", "start", "log", "mute"])
    expect("there is no window", not tree.is_open())
    say("a failure behind a hidden window is told by a notification with buttons")
    run = desktop.instance("tape")["run"]
    notes.choose(number, "start")
    wait("tape runs again", lambda: (desktop.instance("tape") or {}).get("run") != run)
    say("its button starts the service again")


def closes_into_the_tray(desktop, notes, app):
    choose(desktop, "Open Ostler", lambda label, _: label == "Open Ostler")
    wait("the window is there", tree.is_open)
    wait("it is ready for keys", tree.focused)
    tree.keys("ctrl+w")
    wait("the window is closed", lambda: not tree.is_open())
    wait("the person is told where it is", lambda: notes.find("keeps running in the tray"))
    expect("the app runs on", app.poll() is None)
    say("a closed window goes to the tray, and the first time that is said")


def returns_without_a_tray(desktop):
    panel = next(child for child in desktop.children if "xfce4-panel" in child.args[0])
    panel.send_signal(signal.SIGTERM)
    panel.wait()
    wait("the window comes back without a tray", tree.is_open, 20)
    say("a hidden window comes back when its tray is gone")


def asks_before_the_end(desktop, app):
    pid = desktop.pid("web")
    wait("it is ready for keys", tree.focused)
    tree.keys("ctrl+q")
    wait("the end is asked about", lambda: tree.find_text("Quit Ostler?"))
    desktop.picture("check-quit")
    tree.click(wait("services can be kept", lambda: tree.find_text("Keep running")))
    wait("the app ends", lambda: app.poll() is not None, 30)
    wait("a daemon supervises web", lambda: desktop.pid("web"), 30)
    expect(f"web had pid {pid} and has {desktop.pid('web')}", desktop.pid("web") == pid)
    desktop.cli("shutdown", "--stop")
    say("quitting asks, and a daemon takes the services over with their pids")


def lifecycle(desktop):
    notes = Notifications(desktop.bus)
    desktop.configure(SERVICES)
    app = desktop.start_app("--background")
    tells_of_a_failure(desktop, notes)
    closes_into_the_tray(desktop, notes, app)
    returns_without_a_tray(desktop)
    asks_before_the_end(desktop, app)
    notes.close()
