#!/usr/bin/env python3
"""JSON-RPC with Python's standard library: jsonrpc.py SOCKET | HOST:PORT [TOKEN]"""
import json, socket, sys

where, token = sys.argv[1], (sys.argv[2:] or [None])[0]
if ":" in where:
    host, port = where.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=30)
else:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(where)
lines = connection.makefile("rw", encoding="utf-8", newline="\n")
events, last_id = [], 0

def call(method, **params):
    global last_id
    last_id += 1
    request = {"jsonrpc": "2.0", "id": last_id, "method": method, "params": params}
    lines.write(json.dumps(request) + "\n")
    lines.flush()
    while (message := json.loads(lines.readline())).get("id") != last_id:
        events.append(message["params"])
    return message

hello = call("hello", client="python", version="1", **({"token": token} if token else {}))
assert hello["result"]["server"] == "ostler", hello
watch = call("watch")["result"]
started = call("restart", service="api", wait="ready")["result"]
assert started["ok"] and started["outcome"][0]["phase"] == "running", started
status = call("status", service="api")["result"]
assert status["services"]["api"]["instances"][0]["pid"] == started["outcome"][0]["pid"], status
assert any(event["type"] == "instance_phase" and event["instance"] == "api/0" for event in events), events
assert [event["seq"] for event in events] == [watch["seq"] + 1 + n for n in range(len(events))], events
unknown = call("statsu")["error"]
assert unknown["code"] == -32601 and "`status`" in unknown["data"]["hint"], unknown
print("well")
