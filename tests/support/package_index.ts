import { join } from "@std/path";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { runCode } from "./docker.ts";

/** A distribution that an index has. */
interface Distribution {
  readonly name: string;
  readonly version: string;
  /** The source of its only module, which has its name. */
  readonly source: string;
  /** Texts of other files beside it, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** The size of a file of zeros beside it. */
  readonly ballastBytes?: number;
}

/** Python that makes a wheel of a distribution, as the specification of binary distributions has it. */
const MAKE_WHEEL = `
import sys, json, zipfile
d = json.load(open("distribution.json"))
info = f"{d['name']}-{d['version']}.dist-info"
files = {
    f"{d['name']}.py": d["source"],
    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {d['name']}\\nVersion: {d['version']}\\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files.update(d.get("files", {}))
if d.get("ballastBytes"):
    files[f"{d['name']}_ballast.bin"] = "\\0" * d["ballastBytes"]
record = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
with zipfile.ZipFile("made.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
    for path, text in {**files, f"{info}/RECORD": record}.items():
        wheel.writestr(path, text)
`;

/** Writes a "simple" package index (PEP 503) below a directory; the wheels are made by Python in an environment. */
export async function writePackageIndex(
  directory: string,
  { python, distributions }: {
    readonly python: ExecutionEnvironment;
    readonly distributions: readonly Distribution[];
  },
): Promise<void> {
  const links = new Map<string, string[]>();
  for (const distribution of distributions) {
    const { name, version } = distribution;
    await python.files.write("distribution.json", new TextEncoder().encode(JSON.stringify(distribution)));
    const made = await runCode(python, MAKE_WHEEL);
    if (made.exitCode !== 0) throw new Error(made.stderr);
    const place = join(directory, "simple", name);
    await Deno.mkdir(place, { recursive: true });
    const wheel = `${name}-${version}-py3-none-any.whl`;
    await Deno.writeFile(join(place, wheel), await python.files.read("made.whl"));
    links.set(name, [...links.get(name) ?? [], wheel]);
  }
  for (const [name, files] of links) {
    const page = files.map((file) => `<a href="${file}">${file}</a>`).join("\n");
    await Deno.writeTextFile(join(directory, "simple", name, "index.html"), `<!DOCTYPE html><body>${page}</body>`);
  }
}
