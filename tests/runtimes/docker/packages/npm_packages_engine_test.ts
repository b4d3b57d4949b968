import { assertEquals } from "@std/assert";
import { runProgram } from "../../../../src/commands/mod.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../../src/core/limits.ts";
import { ENVIRONMENTS } from "../../../../src/runtimes/docker/images/environments.ts";
import { create } from "../../../../src/runtimes/docker/mod.ts";
import { configFor, DOCKER_HOST, dockerAvailability, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { openRuntime } from "../../../support/runtime_host.ts";
import { hasNetworkNamespaces, openTestHost } from "../../../support/test_host.ts";

/** The network of the registry, which the operator opens. */
const NETWORK = "10.213.75";
const REGISTRY = `http://${NETWORK}.2:8080`;
const LIMITS: Limits = { ...DEFAULT_LIMITS, timeoutMs: 60_000, cpuMs: 60_000 };

/** Makes the archive of a package that would run a script when it is installed, and leave a word of that. */
const MAKE_ARCHIVE = `
mkdir package
echo 'exports.value = "tiny npm";' >package/index.js
echo '{"name":"tiny","version":"1.0.0","main":"index.js","scripts":{"postinstall":"touch /workspace/ran /build/ran"}}' >package/package.json
tar -czf tiny-1.0.0.tgz package
sha1sum <tiny-1.0.0.tgz | cut -d ' ' -f 1
`;

/** A registry of npm below a directory, with one package. */
async function writeRegistry(directory: string): Promise<void> {
  await using docker = await openDocker();
  await using environment = await docker.runtime.createEnvironment(configFor("bash"));
  const made = await runCode(environment, MAKE_ARCHIVE);
  const archive = await environment.files.read("tiny-1.0.0.tgz");
  await Deno.writeFile(`${directory}/tiny-1.0.0.tgz`, archive);
  const version = {
    name: "tiny",
    version: "1.0.0",
    hasInstallScript: true,
    scripts: { postinstall: "touch /workspace/ran /build/ran" },
    dist: { tarball: `${REGISTRY}/tiny-1.0.0.tgz`, shasum: made.stdout.trim() },
  };
  await Deno.writeTextFile(
    `${directory}/tiny`,
    JSON.stringify({ name: "tiny", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }),
  );
}

async function imageOf(language: string): Promise<string> {
  await using docker = await openDocker();
  await using _environment = await docker.runtime.createEnvironment(configFor(language));
  return (await docker.containers())[0]?.Image ?? "";
}

if (
  isPresent("docker", await dockerAvailability("typescript", "javascript", "bash")) &&
  isPresent("network_namespaces", await hasNetworkNamespaces())
) {
  const install = ["env", `NPM_CONFIG_REGISTRY=${REGISTRY}/`, ...ENVIRONMENTS["typescript"]?.install ?? []];
  const environments = {
    typescript: { image: await imageOf("typescript"), install },
    javascript: { image: await imageOf("javascript"), install },
  };
  const { runtime } = await openRuntime(create, {
    openNetworks: [`${NETWORK}.0/24`],
    settings: { docker: { dockerHost: DOCKER_HOST, dockerPull: "never", dockerEnvironments: environments } },
  });
  await runtime.diagnose(); // Its self-test is over.
  const permissions = { ...configFor("typescript").permissions, allowNet: true };
  const { cannotHonour } = await runtime.assess(configFor("typescript", { permissions }));
  const filter = cannotHonour === undefined
    ? { available: true } as const
    : { available: false, reason: cannotHonour } as const;
  if (isPresent("packet_filter", filter)) {
    const table: ["typescript" | "javascript", string, string][] = [
      ["typescript", "by its name", 'import tiny from "tiny"; console.log(tiny.value as string);'],
      ["typescript", "as npm's", 'import tiny from "npm:tiny"; console.log(tiny.value as string);'],
      ["javascript", "as CommonJS does", 'console.log(require("tiny").value);'],
      ["javascript", "by its version", 'import tiny from "npm:tiny@1"; console.log(tiny.value);'],
    ];
    for (const [language, how, code] of table) {
      Deno.test(`[docker] a package of npm runs nothing when it is installed, and ${language} finds it ${how}`, async () => {
        const directory = await Deno.makeTempDir();
        try {
          await writeRegistry(directory);
          await using _registry = await openTestHost(NETWORK, { directory });
          await using environment = await runtime.createEnvironment(configFor(language));
          const mine = '{ "description": "mine" }';
          await environment.files.write("package.json", new TextEncoder().encode(mine));
          const installed = await runProgram(environment, { kind: "install", packages: ["tiny@^1"] }, {
            limits: LIMITS,
          });
          assertEquals(installed.outcome, { kind: "exited", exitCode: 0 }, installed.stderr);
          const found = await runCode(environment, code);
          assertEquals(found.stdout, "tiny npm\n", found.stderr);
          const { children = [] } = await environment.files.list(".", { maxDepth: 1 });
          assertEquals(
            children.map(({ name }) => name),
            [".packages.txt", environment.mainFile(), "node_modules", "package.json"],
          );
          assertEquals(await new Response(await environment.files.read("package.json")).text(), mine);
        } finally {
          await Deno.remove(directory, { recursive: true });
        }
      });
    }
  }
}
