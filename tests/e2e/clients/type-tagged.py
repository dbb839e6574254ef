#!/usr/bin/env python3
"""The type-tagged dialect with Python's standard library: type-tagged.py SOCKET | HOST:PORT [TOKEN]"""
import json, os, socket, sys, time

where, token = sys.argv[1], (sys.argv[2:] or [None])[0]
if ":" in where:
    host, port = where.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=30)
else:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(where)
lines = connection.makefile("rw", encoding="utf-8", newline="\n")

def ask(type, **fields):
    lines.write(json.dumps({"type": type, **fields}) + "\n")
    lines.flush()
    answer = json.loads(lines.readline())
    assert set(answer) == {"ok", "error", "data"} and answer["ok"] == (answer["error"] is None), answer
    return answer["data"] if answer["ok"] else answer

if token:
    assert ask("Hello", token=token).get("ok"), "the token"
me = ask("WhoAmI", request_id="1", client="python", client_version="1")
assert (me["server_name"], me["protocol_version"]) == ("ostler", "1"), me
before = int(time.time())
assert ask("Restart", service="api") == {"service": "api", "status": "starting"}
deadline = time.monotonic() + 30
while (event := ask("StateEvents", service="api", limit=1)[-1])["new_state"] != "Running":
    assert time.monotonic() < deadline, event
assert abs(event["timestamp"] - before) < 120, event
status = {service["name"]: service for service in ask("Status")}
assert status["api"]["status"] == "Running" and status["api"]["pid"], status
client = ask("AttachClient", pid=os.getpid(), window_id="w")["client_id"]
assert client in [one["client_id"] for one in ask("ListClients")]
assert ask("DetachClient", client_id=client)["detached"]
assert "Status" in ask("Statsu")["error"]
print("well")
