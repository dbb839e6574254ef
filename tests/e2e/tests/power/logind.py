"""A login manager on a private bus, which says what it is told and never does it.

Says the address of its bus in the first line. Each line of input is one of `PrepareForSleep true|false`,
`PrepareForShutdown true|false` and `locks`; the answer is one line, for `locks` the locks that are held.
"""

import json
import os
import subprocess
import sys

import dbus
import dbusmock

MANAGER = "org.freedesktop.login1.Manager"
PATIENCE_MICROSECONDS = 5_000_000


class Fake(dbusmock.DBusTestCase):
    """Owns the bus."""


def main():
    Fake.start_system_bus()
    # It logs each call, which must neither look like an answer nor fill the pipe of the answers.
    server, logind = Fake.spawn_server_template("logind", {}, stdout=subprocess.DEVNULL)
    mock = dbus.Interface(logind, dbusmock.MOCK_IFACE)
    mock.AddProperty(MANAGER, "InhibitDelayMaxUSec", dbus.UInt64(PATIENCE_MICROSECONDS))
    print(os.environ["DBUS_SYSTEM_BUS_ADDRESS"], flush=True)
    try:
        for line in sys.stdin:
            match line.split():
                case ["locks"]:
                    locks = logind.ListInhibitors(dbus_interface=MANAGER)
                    print(json.dumps([[str(word) for word in lock[:4]] for lock in locks]), flush=True)
                case [signal, begins]:
                    mock.EmitSignal(MANAGER, signal, "b", [begins == "true"])
                    print("said", flush=True)
    finally:
        server.terminate()
        server.wait()
        Fake.tearDownClass()


main()
