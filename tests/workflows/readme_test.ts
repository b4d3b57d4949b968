import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { runCommandLine } from "../support/cli.ts";
import { dockerAvailability } from "../support/docker.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { CHILD_SETTINGS, withoutProjectVariables } from "../support/variables.ts";
import { PROJECT, startServiceProcess } from "../support/service_process.ts";

interface Block {
  readonly language: string;
  readonly text: string;
}

interface Example {
  readonly script: string;
  readonly answer: Block;
}

/** An example is a block for the shell, directly followed by one with what it prints. */
function examples(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
  return blocks.flatMap((block, index) => {
    const answer = blocks[index + 1];
    return block.language === "sh" && (answer?.language === "json" || answer?.language === "text")
      ? [{ script: block.text, answer }]
      : [];
  });
}

async function runScript(script: string): Promise<string> {
  const directory = await Deno.makeTempDir();
  const { stdout, stderr, success } = await new Deno.Command("bash", {
    args: ["-ec", script],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), TMPDIR: directory },
  }).output();
  await Deno.remove(directory, { recursive: true });
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** What differs from run to run, made alike: identities and times, and what was measured. */
function normalize(text: string): unknown {
  return JSON.parse(text, (key, value) => {
    if (["id", "requestId", "createdAt", "warm"].includes(key)) return typeof value;
    const isMeasured = ["wallMs", "startupMs", "cpuMs", "peakMemoryBytes", "durationMs"].includes(key) &&
      (value === null || typeof value === "number");
    return isMeasured && value !== 80 ? "measured" : value;
  });
}

await using host = await openRuntimeHost();
const hasDeno = isPresent("deno", await createDenoRuntime(host).isAvailable()) && isPresent(
  "sandbox",
  host.confinement.isSandbox
    ? { available: true }
    : { available: false, reason: "the README's answers are those of a machine with a sandbox: see codebeaker doctor" },
);
const hasCurl = isPresent(
  "curl",
  await new Deno.Command("curl", { args: ["--version"] }).output().then(
    () => ({ available: true }) as const,
    () => ({ available: false, reason: "curl is not installed" }) as const,
  ),
);
const dockerHost = Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
const hasDocker = isPresent("docker/python", await dockerAvailability("python"));
const readme = await Deno.readTextFile(`${PROJECT}README.md`);
const aboutDocker = /^## Docker$.*?(?=^## )/ms.exec(readme)?.[0] ?? "";
const aboutKeys = /^## Keys$.*?(?=^## )/ms.exec(readme)?.[0] ?? "";
const withoutDocker = readme.replace(aboutDocker, "").replace(aboutKeys, "");

if (hasDeno && hasCurl) {
  Deno.test("every example of the README prints what the README says, without Docker", async () => {
    await using service = await startServiceProcess();
    const found = examples(withoutDocker);
    assertEquals(found.length >= 8, true);
    for (const example of found) await assertPrints(example, service.url);
  });
}
if (hasDeno && hasCurl) {
  Deno.test("the example of the README about keys prints what the README says", async () => {
    await using service = await startServiceProcess([], CHILD_SETTINGS);
    const found = examples(aboutKeys);
    assertEquals(found.length, 1);
    for (const example of found) await assertPrints(example, service.url);
  });
}
if (hasDeno && hasCurl && hasDocker) {
  Deno.test("every example of the README about Docker prints what the README says", async () => {
    await using service = await startServiceProcess([], { CODEBEAKER_DOCKER_HOST: dockerHost });
    const found = examples(aboutDocker);
    assertEquals(found.length >= 1, true);
    for (const example of found) await assertPrints(example, service.url);
  });
}

async function assertPrints({ script, answer }: Example, url: string): Promise<void> {
  const local = script.replaceAll("127.0.0.1:8000", new URL(url).host).replaceAll(
    "npx -y deno@2.9.6",
    `"${Deno.execPath()}"`,
  );
  const printed = (await runScript(local)).replaceAll("/no-docker.sock", "/docker.sock");
  if (answer.language === "json") assertEquals(normalize(printed), normalize(answer.text));
  else assertEquals(squeeze(printed), squeeze(answer.text));
}

/** The columns of a table are as wide as the path of a socket, which differs, as identities do. */
function squeeze(text: string): string {
  return text.replaceAll(/ {2,}/g, "  ").replaceAll(/exec_[0-9a-f]+/g, "exec_…");
}

Deno.test("the README's example of a configuration is one", async () => {
  const block = /```json\n(\{\n {2}"dockerEnvironments".*?)```/s.exec(aboutDocker)?.[1] ?? "";
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, block);
  const { code, stdout, stderr } = await runCommandLine(["runtimes", "--config", file]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "csharp, ruby, c\n");
  await Deno.remove(file);
});

Deno.test("the README's two commands are tasks of the project", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${PROJECT}deno.json`));
  for (const [, task = ""] of readme.matchAll(/deno@2\.9\.6 task (?:--quiet )?(\w+)/g)) assert(task in tasks, task);
});
