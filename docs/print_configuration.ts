import { flagOf, SETTINGS, variableOf } from "../src/config.ts";

const INTRODUCTION = `# Configuration

This page is printed from the table of settings by \`npx -y deno@2.9.6 task docs:configuration\`, and a test fails where
it is not current.

Every setting has a flag, a variable and a key in a configuration file. A flag wins over a variable, a variable over the
file, and the file over the default. \`--config FILE\` or \`CODEBEAKER_CONFIG\` names the file, which is JSON:

\`\`\`jsonc
// codebeaker.json
{ "port": 8080, "minIsolation": 8, "readRoots": ["/srv/data"] }
\`\`\`

An unknown setting is an error that names the nearest one. \`codebeaker serve --help\` prints this list too.

| flag | variable | key | default | |
| --- | --- | --- | --- | --- |
`;

/** The page of all settings, as Markdown that is not formatted yet. */
export function renderConfiguration(): string {
  const rows = Object.entries(SETTINGS).map(([name, { default: fallback, help, shown = String(fallback) }]) => {
    const cells = [
      `\`${flagOf(name)}\``,
      `\`${variableOf(name)}\``,
      `\`${name}\``,
      shown === "" ? "none" : shown,
      help,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `${INTRODUCTION}${rows.join("\n")}\n`;
}

/** Formats Markdown as the project does. */
export async function formatMarkdown(text: string): Promise<string> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    cwd: new URL("../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode((await formatter.output()).stdout);
}

if (import.meta.main) {
  const page = new URL("configuration.md", import.meta.url);
  await Deno.writeTextFile(page, await formatMarkdown(renderConfiguration()));
}
