import { assertEquals } from "@std/assert";
import type { ExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import type { SelectionRequest } from "../../../src/core/requests/selection_request.ts";
import { fakeEngine } from "../../support/fake_ports.ts";
import { appOf } from "../support/app_of.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

Deno.test("POST /v1/runtimes/select takes a program, so that its needs are known, or none", async () => {
  const seen: (SelectionRequest | ExecutionRequest)[] = [];
  const engine = fakeEngine({
    select: (_caller, request) => {
      seen.push(request);
      return Promise.resolve({ chosen: null, preference: "balanced", floor: 0, candidates: [] });
    },
  });
  const select = async (body: unknown) => {
    const init = { method: "POST", body: JSON.stringify(body), headers: { host: "localhost:8000" } };
    const answer = await appOf({ engine }).request("http://localhost:8000/v1/runtimes/select", init, LOCAL);
    return [answer.status, (await answer.json()).errors?.[0]?.path];
  };
  assertEquals(await select({ language: "ts" }), [200, undefined]);
  assertEquals(await select({ language: "ts", code: "1", stdin: "", explain: true }), [200, undefined]);
  assertEquals(seen.map((request) => "code" in request), [false, true]);
  assertEquals(await select({ language: "ts", stdin: "" }), [400, "stdin"]); // It is of a program.
});
