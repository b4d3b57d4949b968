import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { RuntimeSelector } from "../../../src/runtimes/selection/selector.ts";
import { engineOf } from "../../support/engine_of.ts";
import { fakeRuntime } from "../../support/fake_runtime.ts";
import { appOf } from "../support/app_of.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

Deno.test("/health/ready reports an open circuit until it is due for a trial", async () => {
  let now = 0;
  const broken = fakeRuntime({
    name: "broken",
    environments: ["typescript"],
    createEnvironment: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke")),
  });
  const selector = new RuntimeSelector([broken], { minIsolation: 7, now: () => now });
  await using engine = engineOf([], { selector, drainMs: 0 });
  const app = appOf({ engine });
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(
      `http://localhost:8000${path}`,
      { ...init, headers: { host: "localhost:8000" } },
      LOCAL,
    );
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await response.json() };
  };
  const execute = () => ask("/v1/executions", { method: "POST", body: '{"language":"typescript","code":"1"}' });
  const ready = { status: "ready", runtimes: [{ name: "broken", available: true }] };

  for (let round = 0; round < 3; round++) {
    assertEquals((await ask("/health/ready")).body, ready);
    const { status, body } = await execute();
    assertEquals([status, body.code, body.attempts], [503, "runtime_unavailable", [{
      runtime: "broken",
      error: "it broke",
    }]]);
  }
  now = 1_500;
  const reason = "circuit open for 4 s: 3 consecutive failures (it broke)";
  const health = await ask("/health/ready");
  assertEquals([health.status, health.body], [503, {
    status: "not_ready",
    runtimes: [{ name: "broken", available: false, reason }],
  }]);
  const [shown] = (await ask("/v1/runtimes")).body.runtimes;
  assertEquals([shown.available, shown.reason, shown.environments], [false, reason, [{
    name: "typescript",
    available: false,
    contexts: true,
    reason,
  }]]);
  const refused = await execute();
  assertEquals([refused.status, refused.retryAfter, refused.body.retryAfterMs, refused.body.attempts], [
    503,
    "4",
    3_500,
    [],
  ]);
  assertEquals(refused.body.selection.candidates[0].rejectedBecause.code, "circuit_open");
  now = 5_000;
  assertEquals((await ask("/health/ready")).body, ready);
});
