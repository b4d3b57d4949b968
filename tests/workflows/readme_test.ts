import { assert, assertEquals } from "@std/assert";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { withoutProjectVariables } from "../support/variables.ts";
import { PROJECT, startServiceProcess } from "../support/service_process.ts";

interface Block {
  readonly language: string;
  readonly text: string;
}

/** An example is a block for the shell, directly followed by one with what it prints. */
function examples(markdown: string): { readonly script: string; readonly answer: Block }[] {
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
  const { stdout, stderr, success } = await new Deno.Command("bash", {
    args: ["-ec", script],
    cwd: PROJECT,
    clearEnv: true,
    env: withoutProjectVariables(),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** What differs from run to run, made alike: identities and times, and what was measured. */
function normalize(text: string): unknown {
  return JSON.parse(text, (key, value) => {
    if (["id", "requestId", "createdAt"].includes(key)) return typeof value;
    const isMeasured = ["wallMs", "startupMs", "cpuMs", "peakMemoryBytes"].includes(key) &&
      (value === null || typeof value === "number");
    return isMeasured && value !== 80 ? "measured" : value;
  });
}

await using host = await openRuntimeHost();
const hasDeno = isPresent("deno", await createDenoRuntime(host).isAvailable());
const hasCurl = isPresent(
  "curl",
  await new Deno.Command("curl", { args: ["--version"] }).output().then(
    () => ({ available: true }) as const,
    () => ({ available: false, reason: "curl is not installed" }) as const,
  ),
);
const readme = await Deno.readTextFile(`${PROJECT}README.md`);

if (hasDeno && hasCurl) {
  Deno.test("every example of the README prints what the README says", async () => {
    await using service = await startServiceProcess();
    const found = examples(readme);
    assertEquals(found.length >= 4, true);
    for (const { script, answer } of found) {
      const local = script.replaceAll("http://127.0.0.1:8000", service.url).replaceAll(
        "npx -y deno@2.9.6",
        `"${Deno.execPath()}"`,
      );
      const printed = await runScript(local);
      if (answer.language === "json") assertEquals(normalize(printed), normalize(answer.text));
      else assertEquals(printed, answer.text);
    }
  });
}

Deno.test("the README's two commands are tasks of the project", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${PROJECT}deno.json`));
  for (const [, task = ""] of readme.matchAll(/deno@2\.9\.6 task (?:--quiet )?(\w+)/g)) assert(task in tasks, task);
});
