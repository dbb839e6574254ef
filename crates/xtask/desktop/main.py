"""Drives ostler-tray on a desktop of its own: through its accessible tree and the message bus.

usage: main.py check|cost|screenshots BIN_DIR OUT_DIR

Runs inside `dbus-run-session`, with DISPLAY naming a screen that nobody sees. Every wait is bounded and ends as
soon as the fact is there.
"""

import sys

from check import check
from cost import cost
from pictures import screenshots
from world import Desktop


def main():
    what, bin_dir, out_dir = sys.argv[1:4]
    desktop = Desktop(bin_dir, out_dir)
    try:
        {"check": check, "cost": cost, "screenshots": screenshots}[what](desktop)
    except SystemExit:
        desktop.picture(f"{what}-failed")
        raise
    finally:
        desktop.close()


main()
