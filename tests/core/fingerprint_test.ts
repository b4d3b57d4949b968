import { assert, assertEquals } from "@std/assert";
import { fingerprintOf } from "../../src/core/fingerprint.ts";

Deno.test("fingerprintOf() is the same for names in another order, and not for other names, values or bytes", () => {
  const request = { env: { A: "1", B: "2" }, files: [{ path: "a", content: new Uint8Array([1]) }] };
  assertEquals(fingerprintOf({ files: request.files, env: { B: "2", A: "1" } }), fingerprintOf(request));
  for (
    const other of [
      { ...request, env: { A: "2", B: "1" } },
      { ...request, env: { A: "1" } },
      { ...request, files: [{ path: "a", content: new Uint8Array([2]) }] },
      { ...request, files: [] },
    ]
  ) assert(fingerprintOf(other) !== fingerprintOf(request));
});
