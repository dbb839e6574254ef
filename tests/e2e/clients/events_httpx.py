"""Reads an event stream with httpx-sse and writes down what it was given, until it was given all.

Usage: python3 events_httpx.py URL LAST_EVENT_ID END
"""

import json
import sys

import httpx
from httpx_sse import connect_sse


def main(url: str, after: str, end: str) -> None:
    last = after
    with httpx.Client(timeout=httpx.Timeout(60)) as client:
        while True:
            try:
                with connect_sse(client, "GET", url, headers={"Last-Event-ID": last}) as stream:
                    stream.response.raise_for_status()
                    for event in stream.iter_sse():
                        data = json.loads(event.data)["data"]
                        last = event.id
                        if event.event == "gap":
                            print("gap", last, data["dropped"], data["reason"])
                            continue
                        print("event", last)
                        if data.get("message") == end:
                            return
            except httpx.TransportError:
                continue


main(*sys.argv[1:])
