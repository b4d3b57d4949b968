import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { fakeEngine, fakeExecution } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";
import { appOf } from "../support/app_of.ts";

function openBudget(): ByteBudget {
  return new ByteBudget({ maxBytes: 100_000, maxOwnerBytes: 100_000 });
}

Deno.test("POST /v1/executions answered with 202 holds its request until the execution has ended", async () => {
  const requests = openBudget();
  const ended = Promise.withResolvers<ReturnType<typeof fakeExecution>>();
  const engine = fakeEngine({ submit: () => Promise.resolve({ id: "exec_1", ended: ended.promise }) });
  const body = JSON.stringify({ language: "typescript", code: "1" });
  const response = await appOf({ engine, requests }).request("http://localhost/v1/executions", {
    method: "POST",
    headers: { host: "localhost", prefer: "respond-async" },
    body,
  }, { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } });
  assertEquals([response.status, requests.heldBytes], [202, body.length]);
  ended.resolve(fakeExecution());
  await until(() => requests.heldBytes === 0, "it is given back");
});

Deno.test("POST /v1/executions that is refused holds nothing", async () => {
  const requests = openBudget();
  const refuse = () => Promise.reject(new CodeBeakerError("busy", "There is no place"));
  const response = await appOf({ engine: fakeEngine({ submit: refuse }), requests }).request(
    "http://localhost/v1/executions",
    {
      method: "POST",
      headers: { host: "localhost", prefer: "respond-async" },
      body: '{"language":"ts","code":"1"}',
    },
    { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } },
  );
  assertEquals([response.status, requests.heldBytes], [429, 0]);
});
