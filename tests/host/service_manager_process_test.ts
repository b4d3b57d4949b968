import { assertEquals } from "@std/assert";
import { reportTo } from "../../src/host/service_manager.ts";
import { findOnPath } from "../support/find_node.ts";
import { isPresent } from "../support/requirements.ts";
import { TextLineStream } from "../support/text_lines.ts";

/** A manager that prints when it listens, and then its first report. */
const MANAGER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1].replace("@", "\\0"))
print("listens", flush=True)
print(repr(listener.recv(4096).decode()), flush=True)
`;

const python = findOnPath("python3");
const found = python === undefined
  ? { available: false, reason: "python3 cannot be found" } as const
  : { available: true } as const;

if (isPresent("python3", found)) {
  Deno.test("reportTo() sends one datagram to a socket with a path, and to one with an abstract name", async () => {
    const directory = await Deno.makeTempDir();
    try {
      for (const socket of [`${directory}/notify`, `@codebeaker-test-${crypto.randomUUID()}`]) {
        const manager = new Deno.Command("python3", { args: ["-c", MANAGER, socket], stdout: "piped" }).spawn();
        const text = manager.stdout.pipeThrough(new TextDecoderStream());
        const lines = text.pipeThrough(new TextLineStream())[Symbol.asyncIterator]();
        assertEquals((await lines.next()).value, "listens");
        assertEquals(reportTo(socket, "READY=1\nSTATUS=listens"), true);
        assertEquals((await lines.next()).value, String.raw`'READY=1\nSTATUS=listens'`);
        assertEquals([(await lines.next()).done, (await manager.status).code], [true, 0]);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("reportTo() does nothing where no such socket is", () => {
  for (const socket of ["/nowhere/notify", "vsock:2:1", "", "@", `/${"long".repeat(40)}`]) {
    assertEquals([socket, reportTo(socket, "READY=1")], [socket, false]);
  }
});
