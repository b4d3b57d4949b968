import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../../src/core/permissions/permissions.ts";
import { create } from "../../../../src/runtimes/docker/mod.ts";
import type { RuntimeConfig } from "../../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../../support/requirements.ts";
import { openRuntime } from "../../../support/runtime_host.ts";
import { hasNetworkNamespaces, openTestHost } from "../../../support/test_host.ts";

/** Networks of this test's own: the operator opens one, the others stay closed. */
const OPEN = "10.213.71";
const CLOSED = "10.213.72";
/** Where clouds keep what a machine may know of itself. */
const LINK_LOCAL = "169.254.73";

const config: RuntimeConfig = configureEnvironment("python", { permissions: { ...NO_PERMISSIONS, allowNet: true } });

/** Tells of each `host:port` whether it can be reached. */
const REACH = `
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        print("reached", target)
    except OSError:
        print("refused", target)
`;

const { runtime } = await openRuntime(create, { openNetworks: [`${OPEN}.0/24`] });
await runtime.diagnose(); // The self-test takes as long as it takes here.
const { cannotHonour } = await runtime.assess(config);

if (
  isPresent("docker", await testedAvailability(runtime, "python")) &&
  isPresent(
    "packet_filter",
    cannotHonour === undefined ? { available: true } : { available: false, reason: cannotHonour },
  ) &&
  isPresent("network_namespaces", await hasNetworkNamespaces())
) {
  for (const singleUse of [true, false]) {
    Deno.test(`[docker] a program with network reaches what is open and nothing private${singleUse ? " (single use)" : ""}`, async () => {
      await using open = await openTestHost(OPEN);
      await using closed = await openTestHost(CLOSED);
      await using linkLocal = await openTestHost(LINK_LOCAL);
      using onHost = Deno.listen({ hostname: "0.0.0.0", port: 0 });
      const own = Deno.networkInterfaces().filter(({ family }) => family === "IPv4").map(({ address }) => address);
      const refused = [
        `${closed.address}:${closed.port}`,
        ...own.map((address) => `${address}:${onHost.addr.port}`),
        `${linkLocal.address}:${linkLocal.port}`,
      ];
      const reached = [`${open.address}:${open.port}`];
      await using environment = await runtime.createEnvironment({ ...config, singleUse });
      await environment.files.write("main.py", new TextEncoder().encode(REACH));
      const result = await runProgram(
        environment,
        { kind: "file", path: "main.py", args: [...reached, ...refused] },
        { limits: { ...DEFAULT_LIMITS, timeoutMs: 60_000 } },
      );
      assertEquals(
        result.stdout.trim().split("\n"),
        [...reached.map((target) => `reached ${target}`), ...refused.map((target) => `refused ${target}`)],
        result.stderr,
      );
    });
  }

  Deno.test("[docker] a program with network has no IPv6 and cannot change its rules", async () => {
    await using environment = await runtime.createEnvironment({ ...config, singleUse: true });
    await environment.files.write(
      "main.py",
      new TextEncoder().encode(
        'import socket\nprint(open("/proc/net/if_inet6").read().strip() or "none")\n' +
          "try:\n    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)\nexcept PermissionError:\n    print('no raw sockets')\n",
      ),
    );
    const result = await runProgram(environment, { kind: "file", path: "main.py", args: [] }, {
      limits: DEFAULT_LIMITS,
    });
    assertStringIncludes(result.stdout, "no raw sockets", result.stderr);
    assertEquals(result.stdout.split("\n")[0]?.replace(/^.* lo$/, "none"), "none");
  });
}

Deno.test("[docker] a list of hosts, and directories of the host, cannot be honoured", async () => {
  const judge = async (permissions: Partial<RuntimeConfig["permissions"]>) =>
    (await runtime.assess({ ...config, permissions: { ...NO_PERMISSIONS, ...permissions } })).cannotHonour;
  assertStringIncludes(await judge({ allowNet: ["example.com"] }) ?? "", "list of hosts");
  assertStringIncludes(await judge({ allowRead: ["/etc"] }) ?? "", "no directory of this host");
  assertStringIncludes(await judge({ allowWrite: ["/etc"] }) ?? "", "no directory of this host");
  assertEquals(await judge({ allowRun: true, allowEnv: ["X"] }), undefined);
});
