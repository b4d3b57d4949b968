import { assertEquals } from "@std/assert";
import type { Denial } from "../../../../src/core/denials/denial.ts";
import type { ProgramResult } from "../../../../src/core/execution.ts";
import { configFor, dockerAvailability, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";

/** What a container's program is refused, and does not catch. */
interface Fixture {
  readonly code: readonly string[];
  readonly expected: Pick<Denial, "kind" | "target" | "at" | "remedy">;
}

const NET = { permissions: { allowNet: true } };

const FIXTURES: Readonly<Record<string, readonly Fixture[]>> = {
  python: [
    {
      code: ["import urllib.request", 'urllib.request.urlopen("http://example.com/x")'],
      expected: { kind: "net", target: "*", at: "main.py:2", remedy: NET },
    },
    {
      code: ["def f():", '    open("/etc/x", "w")', "f()"],
      expected: { kind: "write", target: "/etc/x", at: "main.py:2" },
    },
    { code: ["import os", "os.chroot('/')"], expected: { kind: "capability", target: "/", at: "main.py:2" } },
  ],
  node: [
    {
      code: ["", 'require("node:http").get("http://example.com/x");'],
      expected: { kind: "net", target: "example.com", remedy: NET },
    },
    {
      code: ["", 'require("node:fs").writeFileSync("/etc/x", "");'],
      expected: { kind: "write", target: "/etc/x", at: "main.js:2:20" },
    },
  ],
  bash: [
    {
      code: ["", "cat < /dev/tcp/example.com/80"],
      expected: { kind: "net", target: "example.com", at: "main.sh:2", remedy: NET },
    },
    { code: ["", "echo x > /etc/x"], expected: { kind: "write", target: "/etc/x", at: "main.sh:2" } },
    { code: ["", "chown root /workspace"], expected: { kind: "capability", target: "/workspace" } },
  ],
  typescript: [
    {
      code: ["", 'await fetch("https://example.com/x");'],
      expected: { kind: "net", target: "example.com:443", at: "main.ts:2:1", remedy: NET },
    },
    {
      code: ["", 'Deno.writeTextFileSync("/etc/x", "");'],
      expected: { kind: "write", target: "/etc/x", at: "main.ts:2:6" },
    },
  ],
};

/** Runs a program in a container of its own. */
async function runAlone(environment: string, code: readonly string[]): Promise<ProgramResult> {
  await using docker = await openDocker();
  await using container = await docker.runtime.createEnvironment(configFor(environment, { singleUse: true }));
  return await runCode(container, code.join("\n"));
}

for (const [environment, fixtures] of Object.entries(FIXTURES)) {
  if (!isPresent(`docker/${environment}`, await dockerAvailability(environment))) continue;
  for (const { code, expected } of fixtures) {
    Deno.test(`[docker] ${environment} tells what a program is refused: ${code.at(-1)}`, async () => {
      const { denials } = await runAlone(environment, code);
      assertEquals(denials.map(({ rule: _, ...denial }) => denial), [expected]);
    });
  }
}

if (isPresent("docker/python", await dockerAvailability("python"))) {
  Deno.test("[docker] a network that a silent program tried is told by the kernel, and only of the program that tried", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const trying = 'import socket\ntry: socket.create_connection(("8.8.8.8", 53))\nexcept OSError: pass';
    const own = [
      "import socket",
      "server = socket.create_server(('127.0.0.1', 0))",
      "socket.create_connection(server.getsockname())",
      "try: socket.create_connection(('127.0.0.1', 9))",
      "except OSError: pass",
    ];
    const told = [];
    for (const code of [own.join("\n"), trying, own.join("\n")]) {
      const { exitCode, stderr, denials } = await runCode(environment, code);
      assertEquals([exitCode, stderr], [0, ""]);
      told.push(denials.map(({ kind, target, remedy }) => [kind, target, remedy]));
    }
    assertEquals(told, [[], [["net", "*", NET]], []]);
  });

  Deno.test("[docker] what is printed in the middle of a flood costs no more memory than head and tail", async () => {
    const { denials } = await runAlone("python", [
      "import sys",
      'for _ in range(200_000): print("OSError: [Errno 101] Network is unreachable: x", file=sys.stderr)',
    ]);
    assertEquals(denials.map(({ kind, target }) => [kind, target]), [["net", "*"]]);
  });
}
