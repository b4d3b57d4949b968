import { assertEquals } from "@std/assert";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { type DenialRecord, RULES } from "../../../src/core/denials/denial_report.ts";
import { readDenial } from "../../../src/runtimes/deno/read_denial.ts";

const STACK =
  "Error: x\n    at Object.readTextFileSync (ext:deno_fs/30_fs.js:1:9859)\n    at f (file:///host/w/a%20b.ts:3:7)";

function read(message: string, options: { permissions?: Partial<PermissionSettings>; stack?: string } = {}) {
  return readDenial({ message, stack: options.stack ?? STACK }, {
    permissions: { ...NO_PERMISSIONS, ...options.permissions },
    variables: ["GIVEN"],
    openNetworks: ["10.1.0.0/16"],
    npmRegistry: "http://packages.example:4873/",
    shownPaths: { "/host/w": "/workspace", "/host/boot.js": "boot.js", "/host": "/codebeaker" },
  });
}

function requires(access: string): string {
  return `Requires ${access}, run again with the --allow-${access.split(" ")[0]} flag`;
}

const NET = { rule: RULES.netOff };

Deno.test("readDenial() finds the place in a cell of a context", () => {
  for (const frame of ["    at cell_3:2:7", "    at f (cell_3:2:7)", "    at async cell_3:2:7"]) {
    const stack = `Error: x\n    at ext:deno_fs/30_fs.js:1:1\n${frame}\n    at g (file:///host/w/a.ts:1:1)`;
    assertEquals(read(requires('read access to "/data/x"'), { stack })?.at, "cell_3:2:7");
  }
});

Deno.test("readDenial() reads what Deno says of each kind of access", () => {
  const said: readonly (readonly [string, Omit<DenialRecord, "at">])[] = [
    ['net access to "a.com:443"', { kind: "net", target: "a.com:443", ...NET, grant: { allowNet: ["a.com:443"] } }],
    ['import access to "a.com:80"', { kind: "import", target: "a.com:80", ...NET, grant: { allowNet: ["a.com:80"] } }],
    ['net access to "10.1.0.1:80"', {
      kind: "net",
      target: "10.1.0.1:80",
      ...NET,
      grant: { allowNet: ["10.1.0.1:80"] },
    }],
    ['net access to "10.2.0.1:80"', { kind: "net", target: "10.2.0.1:80", rule: RULES.privateNetwork }],
    ['net access to "localhost:80"', { kind: "net", target: "localhost:80", rule: RULES.privateNetwork }],
    ['net access to "0.0.0.0:80"', { kind: "net", target: "0.0.0.0:80", rule: RULES.privateNetwork }],
    ['net access to "[::1]:5"', { kind: "net", target: "[::1]:5", rule: RULES.ipv4Only }],
    ['read access to "/data/x"', {
      kind: "read",
      target: "/data/x",
      rule: RULES.readUnlisted,
      grant: { allowRead: ["/data/x"] },
    }],
    ['write access to "/data/x"', {
      kind: "write",
      target: "/data/x",
      rule: RULES.writeUnlisted,
      grant: { allowWrite: ["/data/x"] },
    }],
    ['read access to "../x"', { kind: "read", target: "../x", rule: RULES.readUnlisted }],
    ['read access to "/host/deno_dir"', { kind: "read", target: "/codebeaker/deno_dir", rule: RULES.readUnlisted }],
    ["read access to <exec_path>", { kind: "read", target: "exec_path", rule: RULES.readUnlisted }],
    ['run access to "ls"', { kind: "run", target: "ls", rule: RULES.runOff, grant: { allowRun: true } }],
    ["run access", { kind: "run", target: "*", rule: RULES.runOff, grant: { allowRun: true } }],
    ['sys access to "hostname"', { kind: "sys", target: "hostname", rule: "sys is never granted on this runtime" }],
    ['ffi access to "/x.so"', { kind: "ffi", target: "/x.so", rule: "ffi is never granted on this runtime" }],
  ];
  for (const [access, denial] of said) {
    assertEquals<unknown>([access, read(requires(access))], [access, { ...denial, at: "a b.ts:3:7" }]);
  }
});

Deno.test("readDenial() offers no path of a device or of the kernel, which no list opens", () => {
  for (const path of ["/dev/null", "/proc/self/environ", "/sys"]) {
    assertEquals([path, read(requires(`read access to "${path}"`))?.grant], [path, undefined]);
  }
});

Deno.test("readDenial() knows a host that is listed, or any where all are, as one whose name led to a private address", () => {
  for (const allowNet of [true, ["a.com"], ["a.com:443"]] as const) {
    assertEquals(
      read(requires('net access to "a.com:443"'), { permissions: { allowNet } })?.rule,
      RULES.privateNetwork,
    );
  }
  const other = read(requires('net access to "b.com:443"'), { permissions: { allowNet: ["a.com"] } });
  assertEquals([other?.rule, other?.grant], [RULES.netUnlisted, { allowNet: ["b.com:443"] }]);
});

Deno.test("readDenial() tells a variable that a program's own line reads, unless it may", () => {
  const direct = "Error: x\n    at Object.get (file:///host/boot.js:3:9)\n    at file:///host/w/main.ts:1:2";
  const byNode =
    "Error: x\n    at Object.get (file:///host/boot.js:3:9)\n    at Object.get (ext:deno_node/process.ts:1:2)\n    at file:///host/w/main.ts:1:2";
  const byDeno =
    "Error: x\n    at Object.get (file:///host/boot.js:3:9)\n    at ext:deno_node/internal/util/debuglog.ts:1:2\n    at file:///host/w/main.ts:1:2";
  const byPackage =
    "Error: x\n    at Object.get (file:///host/boot.js:3:9)\n    at f (file:///host/packages/p.js:1:2)\n    at file:///host/w/main.ts:1:2";
  const message = 'Requires env access to "SECRET"';
  for (const stack of [direct, byNode]) {
    assertEquals<unknown>(read(message, { stack }), {
      kind: "env",
      target: "SECRET",
      at: "main.ts:1:2",
      rule: RULES.envUnlisted,
      grant: { allowEnv: ["SECRET"] },
    });
  }
  assertEquals([read(message, { stack: byDeno }), read(message, { stack: byPackage })], [undefined, undefined]);
  assertEquals(read(message, { stack: direct, permissions: { allowEnv: ["SECRET"] } }), undefined);
  assertEquals(read('Requires env access to "GIVEN"', { stack: direct }), undefined);
});

Deno.test("readDenial() reads denials of links and packages, which Deno words otherwise", () => {
  assertEquals(
    read("Deno.symlinkSync() requires unscoped --allow-read and --allow-write permissions; path-")?.target,
    "Deno.symlinkSync()",
  );
  const npm = read("npm specifiers were requested; but --no-npm is specified\n    at file:///host/w/main.ts:1:8");
  assertEquals([npm?.kind, npm?.grant], ["import", { allowNet: ["packages.example:4873"] }]);
});

Deno.test("readDenial() takes nothing else for a denial, and no place outside the workspace for one in it", () => {
  for (
    const message of ["", "No such file", "Requires", "Requires tea access", "Requiresnet access", "x".repeat(9_999)]
  ) {
    assertEquals([message, read(message)], [message, undefined]);
  }
  for (const stack of ["", "at", "Error\n    at file:///host/p.js:1:2", `Error\n    at ${"x".repeat(5_000)}`]) {
    assertEquals(read(requires("run access"), { stack })?.at, undefined);
  }
});
