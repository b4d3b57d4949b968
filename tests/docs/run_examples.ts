import { dirname } from "@std/path";
import client from "../../client/deno.json" with { type: "json" };
import { PROJECT } from "../support/service_process.ts";
import { withoutProjectVariables } from "../support/variables.ts";
import type { Example } from "./page.ts";
import { assertPrintsJson, assertPrintsText } from "./printed.ts";

/** The address that pages write for the service. */
const WRITTEN_HOST = "127.0.0.1:8000";
/** The port that pages write for a command of their own. */
const WRITTEN_PORT = "port 8000";
/** How pages start Deno; the tests' own is the same version. */
const WRITTEN_DENO = "npx -y deno@2.9.6";
/** A home that a page makes knows the self-tests which the service of the pages has passed, if any has. */
const KNOWN_HOMES = `mktemp() {
  local made; made=$(command mktemp "$@") || return
  [ ! -d "$made" ] || cp "$CODEBEAKER_HOME/self_test.json" "$made" 2>/dev/null
  echo "$made"
}`;
/** What an error of the service begins with. */
const PROBLEM = '"urn:codebeaker:error:';

/** Where examples run. */
export interface Surroundings {
  readonly url: string;
  /** Variables of the project for the examples' own commands. */
  readonly env: Readonly<Record<string, string>>;
}

interface Printed {
  readonly text: string;
  readonly status: number;
}

/** Runs examples in order, in one shell. Returns what differs from the page. */
export async function checkExamples(
  path: string,
  examples: readonly Example[],
  surroundings: Surroundings,
): Promise<string[]> {
  const directory = await Deno.makeTempDir();
  await Deno.chmod(directory, 0o711); // Programs of a command are other users, in a directory below it.
  try {
    await writeConfig(directory);
    const scripts = await Promise.all(examples.map((example) => toScript(example, { directory, surroundings })));
    const printed = await runShell(scripts, { ...surroundings.env, TMPDIR: directory });
    const written = printed.map(({ status, text }) => ({ status, text: delocalize(text, surroundings) }));
    return examples.flatMap((example, index) => {
      const fault = findFault(example, written[index]);
      return fault === undefined ? [] : [`${path}:${example.block.line} ${fault}`];
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function findFault({ block, answer }: Example, printed: Printed | undefined): string | undefined {
  if (printed === undefined) return "was not run: the shell had ended";
  const { text, status } = printed;
  if (answer === undefined) {
    return status === 0 && !text.includes(PROBLEM) ? undefined : `failed with ${status} and printed:\n${text}`;
  }
  const assertPrints = answer.language === "json" ? assertPrintsJson : assertPrintsText;
  try {
    assertPrints(text, answer.text);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `(${block.language}) printed:\n${text}\n${reason}`;
  }
}

/** Checks the types of every block of TypeScript. Returns what is wrong with them. */
export async function checkTypes(examples: readonly Example[]): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const blocks = examples.map(({ block }) => block).filter(({ language }) => language === "ts");
    // A file that exports is a module, so that its names are its own.
    const files = blocks.map(({ text }, index) => ({
      path: `${directory}/${index}.ts`,
      text: `${text}\nexport {};\n`,
    }));
    await Promise.all(files.map(({ path, text }) => Deno.writeTextFile(path, text)));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", await writeConfig(directory), ...files.map(({ path }) => path)],
      cwd: directory,
    }).output();
    return success ? "" : new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes the configuration of the examples into their directory: they import the client by its name. Returns its path. */
async function writeConfig(directory: string): Promise<string> {
  const { imports } = client;
  const config = { imports: { ...imports, "@codebeaker/client": `file://${PROJECT}client/mod.ts` }, lock: false };
  const path = `${directory}/deno.json`;
  await Deno.writeTextFile(path, JSON.stringify(config));
  return path;
}

/** The text of a page with the places of this run. */
function localize(text: string, { url }: Surroundings): string {
  const { host, port } = new URL(url);
  return text.replaceAll(WRITTEN_HOST, host).replaceAll(WRITTEN_PORT, `port ${port}`);
}

/** What this run printed with the places that pages write. */
function delocalize(text: string, { url }: Surroundings): string {
  const { host, port } = new URL(url);
  const written = text.replaceAll(host, WRITTEN_HOST).replaceAll(`port ${port}`, WRITTEN_PORT).replaceAll(
    `:${port}`,
    ":8000",
  );
  return written.replaceAll("/no-docker.sock", "/docker.sock");
}

async function toScript(
  { block }: Example,
  { directory, surroundings }: { readonly directory: string; readonly surroundings: Surroundings },
): Promise<string> {
  const text = localize(block.text, surroundings);
  const deno = `"${Deno.execPath()}"`;
  if (block.language === "sh") return text.replaceAll(WRITTEN_DENO, deno);
  const file = `${directory}/${block.line}.${block.language}`;
  await Deno.writeTextFile(file, text);
  if (block.language === "python") return `PYTHONPATH=client/python python3 -B "${file}"\n`;
  return `${deno} run --quiet --no-check --config "${directory}/deno.json" --allow-net --allow-env "${file}"\n`;
}

/** Runs scripts in one shell, which keeps their variables. */
async function runShell(scripts: readonly string[], env: Readonly<Record<string, string>>): Promise<Printed[]> {
  const { DOCKER_HOST: _, PATH = "", ...own } = withoutProjectVariables();
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", ["exec 2>&1", KNOWN_HOMES, ...scripts.map((script) => `${script}printf '\\0%s\\0' $?`)].join("\n")],
    cwd: PROJECT,
    clearEnv: true,
    // On a busy machine a service logs more before it fails than a page shows.
    // What `deno install` makes looks for deno there.
    env: { ...own, PATH: `${PATH}:${dirname(Deno.execPath())}`, NO_COLOR: "1", CODEBEAKER_LOG_LEVEL: "error", ...env },
    stdin: "null",
  }).output();
  const parts = new TextDecoder().decode(stdout).split("\0");
  return scripts.flatMap((_, index) => {
    const [text, status] = parts.slice(2 * index);
    return text === undefined || status === undefined ? [] : [{ text, status: Number(status) }];
  });
}
