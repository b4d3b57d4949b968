import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { Diagnosis } from "../../src/core/diagnosis.ts";
import { dockerAvailability, openEngine } from "../support/docker.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT } from "../support/service_process.ts";

const SELF_TEST = fromFileUrl(import.meta.resolve("../support/self_test_process.ts"));
/** Nobody's, and not root's. */
const ORDINARY_USER = 65_530;
/** Where a container has what it needs. */
const MOUNTED = "/opt/codebeaker";

/** What the deno runtime is worth, and a shell's program, which only the layers check. */
interface Report extends Omit<Diagnosis, "layers"> {
  readonly available: boolean;
  readonly layers: readonly string[];
  /** What the self-tests of both logged. */
  readonly broken: readonly unknown[];
  readonly unchecked: { readonly available: boolean; readonly cannotHonour: string; readonly level: number };
}

const HELD = { available: true, cannotHonour: "", level: 7 };

/** A directory that everybody may read with Deno and the self-test, which needs no package and no network there. */
async function openSelfTest(): Promise<AsyncDisposable & { readonly directory: string }> {
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  await Deno.chmod(directory, 0o755);
  await Deno.copyFile(Deno.execPath(), `${directory}/deno`);
  const bundled = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "-o", `${directory}/self_test.js`, SELF_TEST],
    cwd: PROJECT,
  }).output();
  assert(bundled.success, new TextDecoder().decode(bundled.stderr));
  return { directory, [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }) };
}

function argumentsIn(directory: string): string[] {
  return [
    `${directory}/deno`,
    "run",
    "--quiet",
    "--allow-all",
    "--no-config",
    "--no-remote",
    `${directory}/self_test.js`,
  ];
}

function readReport(printed: string): Report {
  const [, report] = /^report (.*)$/m.exec(printed) ?? [];
  assert(report !== undefined, printed);
  return JSON.parse(report);
}

/** Every promise is kept, and the level is that of the layers which were found. */
function check({ available, broken, canaries, layers, level }: Report): void {
  assertEquals([available, canaries.filter(({ kept }) => !kept), broken], [true, [], []]);
  assert(canaries.length >= 8, "the canaries were not run");
  const isHidden = layers.includes("namespaces") || layers.includes("landlock");
  assertEquals([level, isHidden], [8, true], `${layers}`); // Landlock asks nobody, where the kernel has it.
  assert(["seccomp", "no_new_privs", "rlimits"].every((name) => layers.includes(name)), `${layers}`);
}

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

if (
  isPresent("setpriv", isRoot ? { available: true } : { available: false, reason: "only root can become another user" })
) {
  Deno.test("an ordinary user's service keeps every promise, in the strongest layers that it may have", async () => {
    await using selfTest = await openSelfTest();
    const { stdout, stderr } = await new Deno.Command("setpriv", {
      args: [
        ...["--reuid", `${ORDINARY_USER}`, "--regid", `${ORDINARY_USER}`, "--clear-groups"],
        ...argumentsIn(selfTest.directory),
      ],
      cwd: "/",
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    const report = readReport(text + new TextDecoder().decode(stderr));
    check(report);
    if (report.layers.includes("namespaces")) assertEquals(report.unchecked, HELD);
    assert(!report.layers.includes("own_user") && !report.layers.includes("cgroup"), `${report.layers}`);
  });
}

if (isPresent("docker", await dockerAvailability("bash"))) {
  for (
    const [what, { hardening, isHeld }] of Object.entries({
      "a container": { hardening: {}, isHeld: true },
      "a hardened container": {
        hardening: { CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges:true"] },
        isHeld: false, // It cannot give programs users of their own.
      },
    })
  ) {
    Deno.test(`a service in ${what} keeps every promise, in the strongest layers that it may have`, async () => {
      await using selfTest = await openSelfTest();
      const engine = openEngine();
      const images = await engine.listImages({ filters: { reference: ["codebeaker/bash"] } });
      const container = await engine.createContainer({
        Image: images[0]?.Id ?? "",
        Cmd: argumentsIn(MOUNTED),
        Env: ["HOME=/nonexistent", "DENO_NO_UPDATE_CHECK=1"],
        Tty: true,
        HostConfig: { ...hardening, NetworkMode: "none", Binds: [`${selfTest.directory}:${MOUNTED}:ro`] },
      });
      try {
        await container.start();
        await container.wait();
        const text = String(await container.logs({ stdout: true, stderr: true }));
        const report = readReport(text);
        check(report);
        if (isHeld) assertEquals(report.unchecked, HELD, `${report.layers}`);
        else assertStringIncludes(report.unchecked.cannotHonour, "no layer of the operating system confines it");
      } finally {
        await container.remove({ force: true });
      }
    });
  }
}
