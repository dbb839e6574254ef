#!/usr/bin/env python3
"""The variant-tagged dialect with Python's standard library: variant-tagged.py SOCKET | HOST:PORT [TOKEN]"""
import datetime, json, socket, sys, time

where, token = sys.argv[1], (sys.argv[2:] or [None])[0]

def ask(command):
    """One line per connection, as such web servers do."""
    if ":" in where:
        host, port = where.rsplit(":", 1)
        connection = socket.create_connection((host, int(port)), timeout=30)
    else:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(where)
    with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as lines:
        lines.write((f"token {token}\n" if token else "") + json.dumps(command) + "\n")
        lines.flush()
        answer = json.loads(lines.readline())
    assert set(answer) == {"success", "message", "data", "timestamp"}, answer
    assert datetime.datetime.strptime(answer["timestamp"][:19], "%Y-%m-%dT%H:%M:%S"), answer
    return answer

assert ask({"Restart": {"args": None}})["success"]
deadline = time.monotonic() + 30
while (status := ask("Status")["data"])["status"] != "Running":
    assert time.monotonic() < deadline, status
assert status["pid"] and status["uptime_seconds"] >= 0 and "args" in status, status
health = ask("HealthCheck")
assert health["success"] and health["data"]["healthy"], health
assert ask({"ReloadConfig": {"config_path": None}})["success"]
ran = ask({"ExecuteCommand": {"command": "greet", "timeout_seconds": 20}})
assert ran["success"] and ran["data"]["stdout"] == "good morning\n", ran
if token or ":" not in where:  # else a first line that is no request closes the connection unread
    assert not ask("Statsu")["success"]
print("well")
