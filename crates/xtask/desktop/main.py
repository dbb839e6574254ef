"""Drives ostler-tray on a desktop of its own: through its accessible tree and the message bus.

usage: main.py check|cost|screenshots|twice BIN_DIR OUT_DIR [PART...]

Runs inside `dbus-run-session`, with DISPLAY naming a screen that nobody sees. Every wait is bounded and ends as
soon as the fact is there.
"""

import os
import sys

import tree
from check import check
from cost import cost
from pictures import screenshots, screenshots_twice
from world import Desktop

WAYS = {"check": check, "cost": cost, "screenshots": screenshots, "twice": screenshots_twice}


def main():
    what, bin_dir, out_dir, *parts = sys.argv[1:]
    desktop = Desktop(bin_dir, out_dir)
    try:
        WAYS[what](desktop, *parts)
    except SystemExit:
        desktop.picture(f"{what}-failed")
        with open(os.path.join(out_dir, f"{what}-failed.txt"), "w", encoding="utf-8") as file:
            file.write(tree.told())
        raise
    finally:
        desktop.close()


main()
