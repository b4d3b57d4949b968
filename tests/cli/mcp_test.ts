import { assertEquals, assertStringIncludes } from "@std/assert";
import { runHere } from "../support/cli.ts";

Deno.test("codebeaker mcp refuses flags that it would not use", async () => {
  const table: [args: string[], hint: string][] = [
    [["--key", "secret"], "Cannot use --key without --url"],
    [["--url", "http://127.0.0.1:8000", "--min-isolation", "8"], "Cannot use settings of its own with --url"],
    [["--url", "nowhere"], "--url must be a URL"],
    [["--port", "8000"], "unknown option '--port'"],
  ];
  for (const [args, hint] of table) {
    const { code, stdout, stderr } = await runHere(["mcp", ...args]);
    assertEquals([args, code, stdout], [args, 2, ""]);
    assertStringIncludes(stderr, hint);
  }
});
