import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runHere } from "../../support/cli.ts";
import { isPresent, programAvailability } from "../../support/requirements.ts";

/** Completes lines in one shell, each to the words that it offers, sorted. */
type Complete = (script: string, line: string, directory: string) => Promise<string[]>;

const CAPTURE = fromFileUrl(new URL("zsh_capture.zsh", import.meta.url));

const SHELLS: Readonly<Record<string, Complete>> = {
  bash: (script, line) => {
    const code = `source "$0"
COMP_WORDS=(); IFS=$'\\n' read -r -d '' -a COMP_WORDS < <(sed 's/ /\\n/g; s/=/\\n=\\n/g' <<< "$1")
[[ "$1" == *[' ='] ]] && COMP_WORDS+=("")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _codebeaker; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return printed("bash", ["--norc", "-c", code, script, line]);
  },
  zsh: async (script, line, directory) => {
    const out = `${directory}/matches`;
    await Deno.writeTextFile(out, "");
    await printed("zsh", ["-f", CAPTURE, script, line, out]);
    return words(await Deno.readTextFile(out));
  },
  fish: async (script, line) => {
    const lines = await printed("fish", ["--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', script, line]);
    return lines.map((text) => text.split("\t")[0] ?? "");
  },
};

async function printed(shell: string, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(shell, { args: [...args], stdin: "null" }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return words(new TextDecoder().decode(stdout));
}

function words(text: string): string[] {
  return [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line !== ""))].toSorted();
}

for (const [shell, complete] of Object.entries(SHELLS)) {
  if (!isPresent(shell, await programAvailability(shell, ["-c", "exit 0"]))) continue;
  Deno.test(`codebeaker completions ${shell} completes commands, flags and values in ${shell}`, async () => {
    const directory = await Deno.makeTempDir();
    const script = `${directory}/script`;
    const { code, stdout } = await runHere(["completions", shell]);
    assertEquals(code, 0);
    await Deno.writeTextFile(script, stdout);
    const table: [string, string[]][] = [
      ["codebeaker ru", ["run", "runtimes"]],
      ["codebeaker keys ", ["create", "help", "list", "revoke"]],
      ["codebeaker keys create ci --max-", ["--max-concurrent", "--max-sessions"]],
      ["codebeaker run --preference ", ["balanced", "memory", "security", "speed"]],
      ["codebeaker run --preference=se", ["security"]],
      ["codebeaker serve --probe ", ["false", "true"]],
      ["codebeaker completions ", ["bash", "fish", "zsh"]],
    ];
    for (const [line, expected] of table) {
      const found = await complete(script, line, directory);
      assertEquals([line, found.map((word) => word.replace(/^--preference=/, ""))], [line, expected]);
    }
    await Deno.remove(directory, { recursive: true });
  });
}

Deno.test("codebeaker completions names the shells that there are", async () => {
  const { code, stderr } = await runHere(["completions", "tcsh"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "bash, zsh, fish");
});
