"""Bounded waits that end as soon as the fact is there, and verdicts."""

import time

from gi.repository import GLib


def wait(what, look, limit=15.0):
    """Waits until `look` finds something; a wait that ends in vain is a failure."""
    end, why = time.monotonic() + limit, ""
    while time.monotonic() < end:
        try:
            found, why = look(), ""
        except GLib.Error as error:
            # What was looked at went away in between.
            found, why = None, f", {error.message}"
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"wrong: {what} (waited {limit:.0f} s{why})")


def expect(what, is_so):
    """A fact that must hold now."""
    if not is_so:
        raise SystemExit(f"wrong: {what}")


def say(what):
    print(f"ok: {what}", flush=True)
