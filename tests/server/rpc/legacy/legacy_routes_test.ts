import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { ExecutionRequest } from "../../../../src/core/requests/execution_request.ts";
import { fakeExecution, submitted } from "../../../support/fake_ports.ts";
import { Door } from "../door.ts";

async function ask(door: Door, path: string, body?: unknown) {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${door.url}${path}`, init);
  return { status: response.status, body: await response.json() };
}

Deno.test("POST /api/execution answers as execution.run, and takes the original's config", async () => {
  const seen: ExecutionRequest[] = [];
  await using door = new Door({
    engine: {
      submit: (_caller, request, options = {}) => {
        seen.push(request);
        return Promise.resolve(submitted(options));
      },
    },
  });
  const { status, body } = await ask(door, "/api/execution", {
    code: "print(1)",
    language: "python",
    config: {
      timeout: 5,
      memoryLimit: 256,
      cpuLimit: 0.5,
      disableNetwork: true,
      readOnlyFilesystem: true,
      environment: { NAME: "value" },
      packages: [],
    },
  });
  assertEquals([status, body.executionId, body.status, body.warnings.length], [200, "exec_1", "queued", 3]);
  const [request] = seen;
  assertEquals([request?.language, request?.env, request?.limits.timeoutMs, request?.limits.memoryMb], [
    "python",
    { NAME: "value" },
    5_000,
    256,
  ]);
  assertEquals(request?.permissions.allowNet, false);
});

Deno.test("POST /api/execution tells errors as REST does", async () => {
  const unsupported = new CodeBeakerError(
    "unsupported_language",
    "Cannot run code as no runtime supports its language",
  );
  await using door = new Door({ engine: { submit: () => Promise.reject(unsupported) } });
  const spoken = await ask(door, "/api/execution", { language: "cobol", code: "1" });
  assertEquals([spoken.status, spoken.body.code], [422, "unsupported_language"]);
  assertEquals((await ask(door, "/api/execution", { language: "ts" })).status, 400);
  const response = await fetch(`${door.url}/api/execution`, { method: "POST", body: "{" });
  assertEquals([response.status, (await response.json()).code], [400, "invalid_request"]);
});

Deno.test("GET /api/execution/{id} answers as execution.status, with 404 for one that is not there", async () => {
  await using door = new Door({
    engine: {
      report: (_caller, id) =>
        id === "exec_1"
          ? Promise.resolve({ status: "ended", execution: fakeExecution({ stdout: "out" }) })
          : Promise.reject(new CodeBeakerError("not_found", "Cannot find the execution")),
    },
  });
  const found = await ask(door, "/api/execution/exec_1");
  assertEquals([found.status, found.body.status, found.body.stdout, found.body.exitCode], [200, "completed", "out", 0]);
  const missing = await ask(door, "/api/execution/exec_2");
  assertEquals([missing.status, missing.body.status, missing.body.executionId], [404, "not_found", "exec_2"]);
});

Deno.test("GET /api/language answers as language.list, and one language by its name or an alias", async () => {
  const environments = [{ name: "python", available: true }];
  const runtimes = [{ name: "fake", type: "Docker", available: true, environments }];
  await using door = new Door({ engine: { describeRuntimes: () => Promise.resolve(runtimes as never) } });
  const python = { name: "python", runtime: "fake" };
  assertEquals(await ask(door, "/api/language"), { status: 200, body: { languages: [python] } });
  for (const name of ["python", "py", "PYTHON3"]) {
    assertEquals(await ask(door, `/api/language/${name}`), { status: 200, body: python });
  }
  const missing = await ask(door, "/api/language/cobol");
  assertEquals([missing.status, missing.body.code], [404, "not_found"]);
});

Deno.test("a key without the scope execute starts nothing on the original's HTTP door", async () => {
  await using door = new Door({
    caller: () => ({
      principal: {
        tenant: "t",
        name: "n",
        scopes: ["sessions"],
        minIsolation: 0,
        ceiling: {},
        quota: {},
      },
    }),
  });
  const { status, body } = await ask(door, "/api/execution", { language: "ts", code: "1" });
  assertEquals([status, body.code], [403, "permission_denied"]);
});
