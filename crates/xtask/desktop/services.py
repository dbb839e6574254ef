"""The services of the scenarios, as they stand in the configuration."""

import json


def toml(value):
    """The value as a configuration has it; a table is written in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


def service(name, command, **keys):
    """The table of one service."""
    keys = {"command": command, **keys}
    return f"[services.{name}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in keys.items()) + "\n"


def sleeper(name, **keys):
    """A service that only waits."""
    return service(name, "sleep", args=["100000"], **keys)


def script(name, line, **keys):
    """A service whose work is a line of the shell."""
    return service(name, "sh", args=["-c", line], **keys)


NEVER = {"policy": "never"}
# A service that says why it cannot work, and ends.
BROKEN = script("broken", "echo cannot open the database; exit 3", restart=NEVER)
