import { assertEquals } from "@std/assert";
import { serverSentEvents } from "../../../src/server/http/server_sent_events.ts";

const { encode, ping } = serverSentEvents("request-1");

Deno.test("serverSentEvents() writes each event with its id, on one line, and a ping as a comment", () => {
  const position = { stdout: 0, stderr: 0, displays: 0 };
  const text = 'a\n\nevent: fake\r"é\u2028';
  const bytes = [
    encode({ kind: "started", id: "exec_1", runtime: "fake", position }),
    encode({ kind: "output", stream: "stdout", text, position: { ...position, stdout: 7 } }),
    ping(),
  ];
  assertEquals(bytes.map((piece) => new TextDecoder().decode(piece)), [
    'id: 1\nevent: started\ndata: {"id":"exec_1","runtime":"fake"}\n\n',
    'id: 113\nevent: stdout\ndata: {"text":"a\\n\\nevent: fake\\r\\"é\u2028"}\n\n',
    ": ping\n\n",
  ]);
});
