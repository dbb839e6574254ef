"""More news than services make: a relay between the app and a daemon that adds changes of its own.

Two cores start and end a few thousand processes in a second; the window has to keep up with more than that. All that
the daemon says is passed on as it is. Whoever watches hears, after the snapshot, changes at the rate that is asked for:
each instance is starting, then running, then starting again.
"""

import json
import os
import socket
import threading
import time

TICK_SECONDS = 0.005
STAMP = "2026-01-01T00:00:00.000Z"


def lines(stream):
    """The lines that a socket gives, until its end."""
    with stream.makefile("rb") as file:
        yield from file


class Connection:
    """One client of the relay."""

    def __init__(self, feed, near, far):
        self.feed, self.near, self.far = feed, near, far
        self.sending = threading.Lock()
        self.watches = set()
        self.instances = {}
        self.seq = 0

    def ask(self):
        for line in lines(self.near):
            said = json.loads(line)
            # A request with the number of a watch ends it.
            self.watches.discard(said.get("id"))
            if said.get("method") == "watch":
                self.watches.add(said["id"])
            self.far.sendall(line)
        self.far.close()

    def answer(self):
        for line in lines(self.far):
            with self.sending:
                self.near.sendall(line)
            if self.watches:
                self.learn(json.loads(line))

    def learn(self, said):
        """What it knows of the services, and where its news begin."""
        part = said.get("result") or said.get("params")
        snapshot = part.get("snapshot") if isinstance(part, dict) else None
        if not snapshot:
            return
        request = said.get("id", part.get("request"))
        self.seq = max(self.seq, snapshot["seq"])
        for service in snapshot["services"].values():
            for instance in service["instances"]:
                self.instances[instance["id"]] = instance
        if request in self.watches and part.get("is_last", True):
            threading.Thread(target=quietly, args=(self.news, request), daemon=True).start()

    def news(self, request):
        """Changes at the rate of the feed; what was late is caught up."""
        makers = [maker for instance in self.instances.values() for maker in changes(request, instance)]
        begin, sent = time.monotonic(), 0
        while request in self.watches:
            time.sleep(TICK_SECONDS)
            due = int((time.monotonic() - begin) * self.feed.rate)
            text = b"".join(makers[n % len(makers)] % (self.seq + n + 1) for n in range(sent, due))
            with self.sending:
                self.near.sendall(text)
            self.feed.told += due - sent
            sent = due


def changes(request, instance):
    """An instance that ends and one that runs again, each with room for its number."""
    begins = {**instance, "phase": "starting", "word": "starting", "health": "unknown", "pid": None}
    for before, status in (("running", begins), ("starting", instance)):
        params = {"request": request, "seq": 0, "at": STAMP, "type": "instance_phase", "instance": instance["id"]}
        params |= {"from": before, "to": status["phase"], "cause": instance["cause"], "status": status}
        text = json.dumps({"jsonrpc": "2.0", "method": "event", "params": params}).replace("%", "%%")
        yield (text.replace('"seq": 0', '"seq": %d', 1) + "\n").encode()


class Feed:
    """A relay in the place of the daemon's socket."""

    def __init__(self, path, rate):
        self.rate, self.told, self.path = rate, 0, path
        self.daemon = path + ".daemon"
        os.rename(path, self.daemon)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o600)
        self.socket.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.daemon)
            connection = Connection(self, near, far)
            for work in (connection.ask, connection.answer):
                threading.Thread(target=quietly, args=(work,), daemon=True).start()

    def close(self):
        """Gives the daemon its place back."""
        self.socket.close()
        os.rename(self.daemon, self.path)


def quietly(work, *arguments):
    """Works until one of the ends is gone."""
    try:
        work(*arguments)
    except OSError:
        pass
