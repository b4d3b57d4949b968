"""Runs the cells of a notebook in IPython's kernel: cells as JSON on stdin, their status and text as JSON on stdout."""

import json
import sys

from jupyter_client.manager import start_new_kernel

CELL_SECONDS = 15


def run(client, code):
    printed, value, status = [], None, "ok"

    def on_output(message):
        nonlocal value
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        elif message["msg_type"] == "execute_result":
            value = content["data"].get("text/plain")

    try:
        reply = client.execute_interactive(
            code, allow_stdin=False, stop_on_error=False, timeout=CELL_SECONDS, output_hook=on_output
        )
        status = reply["content"]["status"]
    except Exception as error:  # The kernel has died, or the cell takes too long.
        return {"status": "lost", "printed": "", "value": str(error)}
    return {"status": status, "printed": "".join(printed), "value": value}


def main():
    cells = json.load(sys.stdin)
    results, manager = [], None
    for code in cells:
        if manager is None or not manager.is_alive():
            manager, client = start_new_kernel(kernel_name="python3")
        results.append(run(client, code))
        if results[-1]["status"] == "lost":
            manager.shutdown_kernel(now=True)
            manager = None
    if manager is not None:
        manager.shutdown_kernel(now=True)
    json.dump(results, sys.stdout)


main()
