"""Reads an event stream with curl, one start of it for each connection, and writes down what it was given.

Usage: python3 events_curl.py URL LAST_EVENT_ID END
"""

import json
import subprocess
import sys


def main(url: str, after: str, end: str) -> None:
    last = after
    while True:
        header = f"Last-Event-ID: {last}"
        command = ["curl", "--silent", "--no-buffer", "--max-time", "60", "--header", header, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curl:
            name, number, data = "", "", ""
            for line in curl.stdout:
                if not line.endswith("\n"):
                    break
                field, _, value = line.rstrip("\n").partition(": ")
                if field == "id":
                    number = value
                elif field == "event":
                    name = value
                elif field == "data":
                    data = value
                elif line == "\n":
                    if data:
                        said = json.loads(data)["data"]
                        last = number
                        if name == "gap":
                            print("gap", last, said["dropped"], said["reason"])
                        else:
                            print("event", last)
                            if said.get("message") == end:
                                curl.kill()
                                return
                    name, data = "", ""


main(*sys.argv[1:])
