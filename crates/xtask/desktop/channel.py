"""The event broadcast channel and the connections, as the window shows them to a person while others listen."""

import json
import socket
import urllib.request

import tree
from services import sleeper
from walk import is_clean, visits_all
from waiting import expect, say, wait

SERVICES = sleeper("web")


class Listener:
    """A program that listens to the events."""

    def __init__(self, desktop):
        url = wait("the events have an address", lambda: self.address(desktop))
        headers = {"Authorization": "Bearer " + desktop.cli("token").stdout.strip()}
        self.stream = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20)

    @staticmethod
    def address(desktop):
        return json.loads(desktop.cli("events", "--stats", "--json").stdout).get("events_url")

    def hears(self, word):
        """Whether a line with this word comes before the end."""
        return any(word in line.decode() for line in self.stream)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def shows_who_listens(desktop):
    wait("the footer says that nobody listens", lambda: tree.find("push button", "Events: No subscribers"))
    listener = Listener(desktop)
    wait("the footer counts who listens", lambda: tree.find("push button", "Events: Active (1 subscriber)"))
    tree.keys("ctrl+2")
    wait("the page counts too", lambda: tree.find("heading", "Events: Active (1 subscriber)"))
    wait("it lists who listens", lambda: tree.find("list item", "127.0.0.1"))
    is_clean("events", lambda: tree.button("Copy URL"))
    visits_all("events")
    desktop.picture("check-events")
    tree.press("Emit test event")
    expect("the test event is heard", listener.hears('"event_type":"test"'))
    say("the window counts and lists who listens to the events, and sends a test event")
    return listener


def shows_sources(desktop):
    tree.keys("ctrl+2")
    tree.press("Sources")
    wait("it says that nothing else is taken in", lambda: tree.find("label", "No other streams are taken in"))
    source = f'[[events.sources]]\nname = "agents"\nurl = "http://127.0.0.1:{free_port()}/events"\n'
    desktop.configure(source + SERVICES)
    wait("a source that is not there is told", lambda: tree.find("list item", "agents, Not reached, tried again"))
    is_clean("sources of events", lambda: tree.button("Copy URL"))
    visits_all("sources of events")
    desktop.picture("check-sources")
    desktop.configure(SERVICES)
    wait("it goes with its lines", lambda: tree.find("label", "No other streams are taken in"))
    tree.press("Subscribers")
    say("the window lists whose events are taken in, and what is wrong with them")


def drops_a_connection(desktop, listener):
    tree.keys("ctrl+3")
    wait("the connections are listed", lambda: tree.find("list item", "SSE, "))
    is_clean("connections", lambda: tree.find("heading", "Connections"))
    visits_all("connections")
    desktop.picture("check-connections")
    row = next(node for node, _ in tree.nodes() if (node.get_name() or "").startswith("Drop "))
    tree.click(row)
    expect("its stream ends", not listener.hears("nothing says this"))
    wait("nobody listens any more", lambda: tree.find("push button", "Events: No subscribers"))
    say("a connection is dropped from the window, and the footer says so")


def is_switched_off(desktop):
    tree.keys("ctrl+2")
    tree.press("Broadcast events")
    wait("the footer says that events are off", lambda: tree.find("push button", "Events: disabled"))
    expect("the file says so", "enabled = false" in desktop.configured())
    expect("every other byte of it stays", SERVICES.strip() in desktop.configured())
    tree.press("Broadcast events")
    wait("they are on again", lambda: tree.find("push button", "Events: No subscribers"))
    say("a switch turns the events off and on, in the configuration")


def channel(desktop):
    desktop.configure(SERVICES)
    app = desktop.start_app(environment={"OSTLER_HTTP_PORT": str(free_port())})
    wait("the window shows web", lambda: tree.find("list item", "web, Running"))
    shows_sources(desktop)
    listener = shows_who_listens(desktop)
    drops_a_connection(desktop, listener)
    is_switched_off(desktop)
    tree.keys("ctrl+1")
    desktop.end(app)
