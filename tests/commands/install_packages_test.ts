import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { chunkOf, FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";
import { runCommand } from "../support/run_command.ts";
import { askToRun, assertRefused, LIMITS_GIVEN } from "./ask.ts";

const BASE = { type: "install_packages", packages: ["left-pad"] };
const ALLOWED = { mayInstall: true };

Deno.test("install_packages has the environment install the packages, and answers an execution", async () => {
  const start = () =>
    fakeProgram({
      output: ReadableStream.from([chunkOf("stdout", "added\n")]),
      outcome: Promise.resolve({ kind: "exited", exitCode: 1 }),
    });
  await using environment = await FakeEnvironment.create(start);
  const { program, options, result } = await askToRun(environment, { command: BASE, context: ALLOWED });
  assertEquals(program, { kind: "install", packages: ["left-pad"] });
  assertEquals(options, { env: {}, limits: LIMITS_GIVEN });
  assertEquals([result.outcome, result.exitCode, result.stdout], [{ kind: "exited", exitCode: 1 }, 1, "added\n"]);
});

Deno.test("install_packages gives an installation a minute, or what it names, within what the caller may have", async () => {
  await using environment = await FakeEnvironment.create(() => fakeProgram());
  const table = [
    [{}, {}, 5_000],
    [{}, { maxTimeoutMs: 300_000 }, 60_000],
    [{ timeoutMs: 90_000 }, { maxTimeoutMs: 300_000 }, 90_000],
    [{ timeout: 90 }, { maxTimeoutMs: 300_000 }, 90_000],
    [{ timeout_ms: 90_000 }, { maxTimeoutMs: 80_000 }, 80_000],
    [{ timeoutMs: 10 }, {}, 10],
  ] as const;
  for (const [fields, context, expected] of table) {
    const { options } = await askToRun(environment, {
      command: { ...BASE, ...fields },
      context: { ...ALLOWED, ...context },
    });
    assertEquals([fields, options.limits.timeoutMs], [fields, expected]);
  }
});

Deno.test("install_packages is refused unless the caller may install", async () => {
  await using environment = await FakeEnvironment.create();
  await assertRefused(environment, { command: BASE, code: "permission_denied" });
  const refused = () => runCommand(environment, BASE, { limits: LIMITS_GIVEN, mayInstall: false });
  assertEquals((await assertRejects(refused, CodeBeakerError)).code, "permission_denied");
  assertEquals(environment.runs.length, 0);
});

Deno.test("install_packages takes names with versions as the package managers spell them, each once", async () => {
  await using environment = await FakeEnvironment.create(() => fakeProgram());
  const packages = [
    "left-pad",
    "@scope/name",
    "@scope/name@^1.2.3-beta.1+build",
    "is-odd@latest",
    "zod@~3.1",
    "requests==2.31.0",
    "requests[socks]>=2,<3",
    "Flask!=3.0",
    "zope.interface",
    "libstdc++6",
    "g++",
  ];
  const { program } = await askToRun(environment, {
    command: { ...BASE, packages: [...packages, "left-pad"] },
    context: ALLOWED,
  });
  assertEquals(program, { kind: "install", packages });
});

Deno.test("install_packages refuses what could be an option, a path, an address, a command or a second argument", async () => {
  await using environment = await FakeEnvironment.create();
  const bad = [
    "",
    "-g",
    "--allow-scripts",
    "@-x/y/z",
    "-r/etc/passwd",
    ".",
    "..",
    "./local",
    "../up",
    "/etc/passwd",
    "~/x",
    "a/b",
    "@scope",
    "@/name",
    "@scope/",
    "@scope/../x",
    "https://example.com/x.tgz",
    "git+ssh://example.com/x",
    "github:user/repo",
    "npm:left-pad",
    "file:x",
    "x@npm:y",
    "a b",
    "a\tb",
    "a\nb",
    "a\0b",
    "a;id",
    "a|id",
    "a$(id)",
    "a`id`",
    "a'b",
    'a"b',
    "a\\b",
    "a&b",
    "a#b",
    "a%2fb",
    "a*",
    "ü",
    "a\u202eb",
    "x".repeat(343),
  ];
  for (const name of bad) {
    const command = { ...BASE, packages: ["left-pad", name] };
    await assertRefused(environment, { command, code: "invalid_request", field: "packages[1]" });
  }
  for (const packages of [undefined, [], "left-pad", [1], Array(65).fill("a")]) {
    const error = await assertRefused(environment, { command: { ...BASE, packages }, code: "invalid_request" });
    assertEquals(error.details.errors?.[0]?.path.startsWith("packages"), true);
  }
  assertEquals(environment.runs.length, 0);
});
