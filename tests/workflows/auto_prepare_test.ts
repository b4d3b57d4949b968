import { assert, assertEquals } from "@std/assert";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { wasm } from "../../src/runtimes/wasm/entry.ts";
import { documentedFetch } from "../support/documented.ts";
import { npmAvailability } from "../support/npm_registry.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { until } from "../support/until.ts";

const OPTIONS = { createRuntimes: (host: Parameters<typeof createRuntimes>[0]) => createRuntimes(host, [wasm]) };
const PROGRAM = JSON.stringify({
  language: "prolog",
  code: ":- X is 6 * 7, writeln(X).",
  timeoutMs: 30_000,
});

if (isPresent("npm_registry", await npmAvailability())) {
  Deno.test("a service that prepares by itself installs a language at its first use, and its requests run then", async () => {
    await using service = await openService({ autoPrepare: true }, OPTIONS);
    const ask = async (path: string, body?: string) => {
      const init = body === undefined ? {} : { method: "POST", body };
      return await (await documentedFetch(`${service.url}${path}`, init)).json();
    };
    const listed = await ask("/v1/languages");
    assert(listed.languages.some(({ available, name }: Record<string, unknown>) => name === "prolog" && available));
    const run = async () => {
      let answer: { readonly stdout?: string; readonly detail?: string } = {};
      const hasEnded = async () => {
        answer = await ask("/v1/executions", PROGRAM);
        return answer.detail?.includes("is being installed") !== true; // The registry is slow, or the machine busy.
      };
      await until(hasEnded, "prolog is installed", { timeoutMs: 300_000 });
      return answer;
    };
    const answers = await Promise.all([1, 2, 3].map(run));
    assertEquals(answers.map(({ stdout }) => stdout), ["42\n", "42\n", "42\n"], JSON.stringify(answers));
  });
}

Deno.test("a language whose installation fails says why, and when to ask again", async () => {
  const settings = { autoPrepare: true, runtimes: { wasm: { npmRegistry: "http://127.0.0.1:9/" } } };
  await using service = await openService(settings, OPTIONS);
  const response = await documentedFetch(`${service.url}/v1/executions`, { method: "POST", body: PROGRAM });
  assertEquals(response.status, 503);
  assertEquals(Number(response.headers.get("retry-after")) > 20, true);
  const { code, detail } = await response.json();
  assertEquals(code, "runtime_unavailable");
  assert(
    /its installation has failed: Cannot install .* as http:\/\/127\.0\.0\.1:9\/.* cannot be fetched/.test(detail),
    detail,
  );
});

Deno.test("a service that does not prepare by itself says how to install a language", async () => {
  await using service = await openService({}, OPTIONS);
  const response = await documentedFetch(`${service.url}/v1/executions`, { method: "POST", body: PROGRAM });
  const { detail } = await response.json();
  assert(detail.endsWith("run codebeaker languages add prolog"), detail);
});
