import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Denial } from "../../src/core/denials/denial.ts";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { RpcClient } from "../server/rpc/door.ts";
import { apiKeysSchema } from "../../src/core/key_policy.ts";
import { ApiClient } from "../support/api_client.ts";
import { runAlone } from "../support/cli.ts";
import { plantSelfTests } from "../support/kept_self_tests.ts";
import { mergePatch } from "../support/merge_patch.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { serverEvents } from "../support/server_events.ts";
import { openService } from "../support/own_service.ts";
import { shareService } from "../support/shared_service.ts";
import { CHILD_SETTINGS } from "../support/variables.ts";

const shared = shareService();

const REFUSED = {
  code: 'try {\n  await fetch("https://example.com/x");\n} catch { /* expected */ }\nconsole.log("done");',
};
const REQUEST = { language: "typescript", ...REFUSED };
const DENIALS: readonly Denial[] = [{
  kind: "net",
  target: "example.com:443",
  at: "main.ts:2:9",
  rule: "permissions.allowNet is false",
  remedy: { permissions: { allowNet: ["example.com:443"] } },
}];

await using host = await openRuntimeHost();
if (isPresent("deno", await testedAvailability(createDenoRuntime(host)))) testDoors();

function testDoors(): void {
  Deno.test("denials are told the same at every door: at once, as an event, later, in a session, over JSON-RPC", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const once = await client.json("POST", "/v1/executions", REQUEST);
    assertEquals([once.stdout, once.denials, "denialsOmitted" in once], ["done\n", DENIALS, false]);
    assertEquals((await client.json("GET", `/v1/executions/${once.id}`)).denials, DENIALS);

    const stream = await client.ask("POST", "/v1/executions", REQUEST, { accept: "text/event-stream" });
    const events = await Array.fromAsync(serverEvents(stream.body ?? new ReadableStream()));
    const completed = events.at(-1)?.data as { readonly denials: unknown };
    assertEquals([events.at(-1)?.event, completed.denials], ["completed", DENIALS]);

    const { id } = await client.json("POST", "/v1/executions", REQUEST, { prefer: "respond-async" });
    assertEquals((await client.json("GET", `/v1/executions/${id}?waitMs=10000`)).denials, DENIALS);

    const session = await client.openSession({ language: "typescript" });
    assertEquals((await client.run(session.id, REFUSED)).denials, DENIALS);
    const command = await client.command(session.id, { type: "execute_code", ...REFUSED });
    assertEquals([command.success, command.result.denials], [true, DENIALS]);

    const rpc = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
    const waited = await rpc.call("execution.run", { ...REQUEST, wait: true });
    const status = await rpc.call("execution.status", { executionId: waited.result.id });
    assertEquals([waited.result.denials, status.result.denials], [DENIALS, DENIALS]);
    await rpc.close();
    const legacy = await client.json("GET", `/api/execution/${once.id}`);
    assertEquals(legacy.denials, DENIALS);
  });

  Deno.test("a request with the remedy is refused no more, and what was refused nothing has an empty list", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const allowed = await client.json("POST", "/v1/executions", {
      ...REQUEST,
      permissions: { allowNet: ["example.com:443"] },
    });
    assertEquals([allowed.stdout, allowed.denials], ["done\n", []]);
  });

  Deno.test("a remedy, merged into the request, allows what was refused and all that was allowed", async () => {
    const root = await Deno.makeTempDir({ dir: "/var/tmp" }); // A program's own /tmp is another one.
    await Deno.chmod(root, 0o777);
    await Deno.writeTextFile(`${root}/in.txt`, "in", { mode: 0o666 });
    await using service = await openService({ readRoots: [root], writeRoots: [root] });
    const client = new ApiClient(service);
    const table: Readonly<Record<string, string>> = {
      read: `Deno.readTextFileSync("${root}/in.txt")`,
      write: `Deno.writeTextFileSync("${root}/in.txt", "out", { append: true })`,
      net: 'await fetch("http://example.com/")',
      env: 'Deno.env.get("LANGUAGE")',
      run: 'new Deno.Command("true").outputSync()',
      import: 'await import("npm:left-pad")',
    };
    const held = { allowRead: [`${root}/a`], allowWrite: [`${root}/a`], allowNet: ["a.example"], allowEnv: ["A"] };
    for (const [kind, access] of Object.entries(table)) {
      const code = kind === "import" ? access : `try { ${access}; } catch {}`;
      // Deno starts programs only where the network is closed.
      const permissions = kind === "run" ? { ...held, allowNet: [] } : held;
      const request = { language: "typescript", code, permissions };
      const { denials: [refused, ...others], ...refusal } = await client.json("POST", "/v1/executions", request);
      assertEquals([refused?.kind, others], [kind, []], JSON.stringify(refusal));
      const patched = mergePatch(request, refused.remedy) as typeof request;
      const lost = (["allowRead", "allowWrite", "allowNet", "allowEnv"] as const).filter((name) =>
        permissions[name].some((item) => !patched.permissions[name].includes(item))
      );
      assertEquals(lost, []);
      const { denials, ...allowed } = await client.json("POST", "/v1/executions", patched);
      assertEquals([kind, denials], [kind, []], JSON.stringify(allowed));
    }
    assertEquals(await Deno.readTextFile(`${root}/in.txt`), "inout");
    await Deno.remove(root, { recursive: true });
  });

  Deno.test("no remedy is offered that the operator or the key would refuse: the rule says who", async () => {
    const key = "k".repeat(32);
    const keys = JSON.stringify([{ name: "closed", key, permissions: { allowNet: ["other.example"] } }]);
    const root = await Deno.makeTempDir({ dir: "/var/tmp" }); // A program's own /tmp is another one.
    await using service = await openService({ readRoots: [root], apiKeys: apiKeysSchema.parse(keys) });
    const client = new ApiClient(service, key);
    const [net] = (await client.json("POST", "/v1/executions", REQUEST)).denials;
    assertEquals([net.kind, net.remedy], ["net", undefined]);
    assertStringIncludes(net.rule, "the key's ceiling lists (other.example)");
    const paths = [`${root}/in.txt`, "/etc/passwd"];
    const read = {
      ...REQUEST,
      code: paths.map((path) => `try { Deno.readTextFileSync("${path}"); } catch {}`).join("\n"),
    };
    const { denials } = await client.json("POST", "/v1/executions", read);
    assertEquals(denials.map(({ target, remedy }: Denial) => [target, remedy]), [
      [paths[0], { permissions: { allowRead: [paths[0]] } }],
      [paths[1], undefined],
    ]);
    assertStringIncludes(denials[1].rule, "below a root that the operator lists");
    await Deno.remove(root);
  });

  Deno.test("codebeaker run prints denials on stderr, each with its place and what would allow it", async () => {
    const code = `${REFUSED.code}\ntry { Deno.hostname(); } catch {}`;
    await plantSelfTests(CHILD_SETTINGS.CODEBEAKER_HOME);
    const { stdout, stderr } = await runAlone(["run", "-"], { stdin: code });
    assertEquals([stdout, stderr.split("\n").filter((line) => line !== "")], ["done\n", [
      'codebeaker: denied: net example.com:443 at main.ts:2:9 (permissions.allowNet: ["example.com:443"])',
      "codebeaker: denied: sys hostname at main.ts:5:12 (sys is never granted on this runtime)",
    ]]);
  });
}
