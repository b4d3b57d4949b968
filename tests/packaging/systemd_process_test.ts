import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeImageContext } from "../../packaging/image/make_context.ts";
import { ApiClient } from "../support/api_client.ts";
import { freePort } from "../support/free_port.ts";
import { type OwnSystemd, ownSystemdAvailability, startOwnSystemd } from "../support/own_systemd.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const DROP_IN = "/etc/systemd/system/codebeaker.service.d/test.conf";
/** A program that runs until it is killed. */
const ENDLESS = { language: "bash", code: "exec sleep 3600", timeoutMs: 300_000 };

/** Prints files, mounts, control groups and processes of services. systemd keeps no groups where cpuacct is mounted alone. */
const LEFTOVERS = `
ls -A /tmp
! grep codebeaker- /proc/self/mountinfo
find /sys/fs/cgroup -path /sys/fs/cgroup/cpuacct -prune -o -name 'codebeaker*' -print
! pgrep --list-full 'sleep|bwrap|deno'
`;

if (isPresent("systemd", ownSystemdAvailability())) {
  Deno.test("codebeaker.service keeps isolation 8, as the page installs it, and leaves nothing behind, however it ends", async () => {
    const context = await Deno.makeTempDir();
    try {
      await makeImageContext(context);
      await using machine = await startOwnSystemd({
        [Deno.execPath()]: "/usr/local/bin/deno",
        [join(context, "codebeaker")]: "/usr/local/bin/codebeaker",
        [join(context, "app")]: "/usr/local/lib/codebeaker",
        [join(PROJECT, "packaging")]: "/srv/packaging",
      });
      const port = freePort();
      const settings = [`PORT=${port}`, "DOCKER_HOST=unix:///no.sock", "PROBE=false", "DRAIN_MS=100"];
      await setUp(machine, settings);
      const installed = await machine.run(`cd /srv; ${await commandsOf("With systemd")}`);
      assertEquals([installed.code, await stateOf(machine)], [0, "active success 0 0"], installed.stderr);
      assertEquals(await machine.run("systemd-analyze verify codebeaker.service"), { code: 0, stdout: "", stderr: "" });
      const client = new ApiClient({ url: `http://127.0.0.1:${port}` });
      const { runtimes } = await client.json("GET", "/v1/diagnostics");
      const found = new Map((runtimes as readonly Diagnosis[]).map((each) => [each.runtime, each]));
      assertEquals([found.get("deno")?.level, found.get("native")?.level], [8, 8]);
      assertEquals(found.get("native")?.layers.filter(({ active }) => !active), []);

      const first = await machine.run("systemctl show --property MainPID --value codebeaker");
      const killed = client.json("POST", "/v1/executions", ENDLESS).catch(() => "lost");
      await until(() => runs(machine, "sleep 3600"), "a program runs");
      await machine.run(`kill -9 ${first.stdout}`);
      assertEquals(await killed, "lost");
      await until(async () => await stateOf(machine) === "active success 0 1", "it has been started again");
      assertEquals(await runs(machine, "sleep 3600"), false);
      const { stdout } = await client.json("POST", "/v1/executions", { language: "bash", code: "echo 42" });
      assertEquals(stdout, "42\n");

      const cancelled = client.json("POST", "/v1/executions", ENDLESS).catch(() => "lost");
      await until(() => runs(machine, "sleep 3600"), "another program runs");
      const { stdout: meanwhile } = await machine.run(LEFTOVERS);
      for (const part of ["systemd-private-", "/codebeaker.service/", "sleep 3600"]) {
        assertStringIncludes(meanwhile, part);
      }
      await machine.run("systemctl stop codebeaker");
      await cancelled;
      assertEquals(await stateOf(machine), "inactive success 0 0");
      assertEquals(await machine.run(LEFTOVERS), { code: 0, stdout: "", stderr: "" });

      await setUp(machine, [...settings, "HOST=0.0.0.0"]);
      assertEquals((await machine.run("systemctl start codebeaker")).code, 1);
      assertEquals(await stateOf(machine), "failed exit-code 2 0");
      assertStringIncludes(
        (await machine.run("journalctl --output cat --unit codebeaker")).stdout,
        "must be loopback while no API key is configured",
      );
    } finally {
      await Deno.remove(context, { recursive: true });
    }
  });
}

interface Diagnosis {
  readonly runtime: string;
  readonly level: number;
  readonly layers: readonly { readonly name: string; readonly active: boolean }[];
}

/** Gives the service settings of a test, beside those of its file. */
async function setUp(machine: OwnSystemd, settings: readonly string[]): Promise<void> {
  const variables = settings.map((setting) => `Environment=CODEBEAKER_${setting}`).join("\n");
  const write = `mkdir -p "$(dirname ${DROP_IN})"; printf '[Service]\nRestartSec=100ms\n${variables}\n' >${DROP_IN}`;
  const { code, stderr } = await machine.run(`${write}; systemctl daemon-reload`);
  assertEquals(code, 0, stderr);
}

/** The service's state, its last result and exit code, and how often it was started again. */
async function stateOf(machine: OwnSystemd): Promise<string> {
  const names = ["ActiveState", "Result", "ExecMainStatus", "NRestarts"];
  const { stdout } = await machine.run(`systemctl show --property ${names.join()} codebeaker`);
  const values = new Map(
    stdout.trim().split("\n").map((line) => line.split("=")).map(([name, value]) => [name, value]),
  );
  return names.map((name) => values.get(name)).join(" ");
}

async function runs(machine: OwnSystemd, command: string): Promise<boolean> {
  return (await machine.run(`pgrep --full --exact '${command}'`)).code === 0;
}

/** The commands of a section of the page. */
async function commandsOf(section: string): Promise<string> {
  const page = await Deno.readTextFile(join(PROJECT, "docs/packaging.md"));
  const [, commands] = /^```sh\n(.*?)^```$/ms.exec(page.split(`## ${section}\n`)[1] ?? "") ?? [];
  assert(commands !== undefined, `${section} has no commands`);
  return commands;
}
