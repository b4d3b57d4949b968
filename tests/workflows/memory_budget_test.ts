import { assert, assertEquals } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { isPresent } from "../support/requirements.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { shareService } from "../support/shared_service.ts";
import { until } from "../support/until.ts";

const EXECUTIONS = "/v1/executions";
const FLAGS = ["--memory-budget-mb", "512", "--drain-ms", "200"];
const HELLO = { language: "typescript", code: "console.log(1)" };
const shared = shareService(FLAGS);
const LARGE = { limits: { memoryMb: 256, diskMb: 1 } };
/** Waits until its client ends it. */
const WAITING = { language: "typescript", code: "setInterval(() => {}, 1000)", limits: { memoryMb: 240, diskMb: 1 } };

/** Waits until the budget has room for a program: what ended gives its memory back when its directory is gone. */
async function untilFits(client: ApiClient, memoryMb: number): Promise<void> {
  const request = { ...HELLO, limits: { memoryMb, diskMb: 1 } };
  await until(async () => (await client.json("POST", EXECUTIONS, request)).stdout === "1\n", `${memoryMb} MB are free`);
}

Deno.test("programs for which the memory budget has nothing left wait, are told busy, and run when it is given back", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const submit = async () =>
    (await client.json("POST", EXECUTIONS, WAITING, {
      prefer: "respond-async",
    })).id;
  const [first, second] = [await submit(), await submit()];
  const running = async (id: string) => (await client.json("GET", `${EXECUTIONS}/${id}`)).state === "running";
  await until(async () => await running(first) && await running(second), "both run");
  const refused = await client.ask("POST", EXECUTIONS, { ...HELLO, ...LARGE });
  const { code, detail, retryAfterMs } = await refused.json();
  assertEquals([refused.status, code], [429, "busy"], detail);
  assert(retryAfterMs > 0 && Number(refused.headers.get("retry-after")) >= 1);
  await client.status("DELETE", `${EXECUTIONS}/${first}`);
  await untilFits(client, 200);
  await client.status("DELETE", `${EXECUTIONS}/${second}`);
  await untilFits(client, 500);
});

Deno.test("a program that needs more memory than the whole budget is told so at once, and not to try again", async () => {
  await using service = shared.borrow();
  const response = await new ApiClient(service).ask("POST", EXECUTIONS, { ...HELLO, limits: { memoryMb: 513 } });
  const { code, detail } = await response.json();
  assertEquals([response.status, code, response.headers.get("retry-after")], [413, "too_large", null], detail);
});

Deno.test("workspaces beyond their share of the budget lie on a disk, bounded too, and closing gives the memory back", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const code =
    `console.log("before"); const bytes = new Uint8Array(4_000_000).fill(1); for (let index = 0; index < 40; index++) {
    Deno.writeFileSync(\`f\${index}\`, bytes); await new Promise((resolve) => setTimeout(resolve, 20)); }
    setInterval(() => {}, 1000);`; // It waits to be ended, however late its size is seen.
  const ids: string[] = [];
  for (let count = 0; count < 4; count++) {
    const { id } = await client.openSession({ language: "typescript", limits: { diskMb: 100, memoryMb: 64 } });
    ids.push(id);
  }
  for (const id of ids) {
    const { outcome, stdout } = await client.run(id, { code, timeoutMs: 60_000 });
    assertEquals(stdout, "before\n");
    assert(outcome.kind === "disk_limit" && outcome.limitMb === 100, JSON.stringify(outcome));
    assert(outcome.observedMb > 100, JSON.stringify(outcome));
  }
  for (const id of ids) await client.status("DELETE", `/v1/sessions/${id}`);
  await untilFits(client, 500);
});

if (isPresent("docker/go", await dockerAvailability("go", "bash"))) {
  Deno.test("[docker] what a compiler takes counts, and so does what lies in sessions while nothing runs in them", async () => {
    await using service = await startServiceProcess([...FLAGS, "--warm-max", "0"], {
      CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
    });
    const client = new ApiClient(service);
    await until(
      async () =>
        (await client.json("POST", "/v1/runtimes/select", { language: "bash", runtime: "docker" })).chosen === "docker",
      "containers are proven",
    );
    const compiled = await client.ask("POST", EXECUTIONS, {
      ...{ language: "go", runtime: "docker" },
      code: "package main\nfunc main() {}",
    });
    const { code, detail } = await compiled.json();
    assertEquals([compiled.status, code], [413, "too_large"]);
    assert(detail.includes("1024 MB"), detail);
    const open = async () => {
      const response = await client.ask("POST", "/v1/sessions", { language: "bash", runtime: "docker" });
      const { code, id } = await response.json();
      return { code, id, status: response.status };
    };
    const [first, second, third] = [await open(), await open(), await open()];
    assertEquals([first.status, second.status, third.status, third.code], [201, 201, 429, "busy"]);
    await client.status("DELETE", `/v1/sessions/${first.id}`);
    await until(async () => (await open()).status === 201, "a session that is closed gives its memory back");
  });
}
