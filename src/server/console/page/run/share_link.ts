import { emptyForm, type FormFile, type FormTest, type ProgramForm } from "./program_form.ts";

/** Longest packed program, in characters. Chat programs and mail cut longer links. */
const MAX_PACKED_LENGTH = 16_000;
/** Longest program that a link may unpack to, in bytes. */
const MAX_UNPACKED_BYTES = 2_000_000;

const PREFERENCES: readonly string[] = [
  "balanced",
  "speed",
  "memory",
  "security",
] satisfies ProgramForm["preference"][];

/**
 * Packs a program for the fragment of a link, which browsers send to no server. Variables, permissions and limits are
 * left out: they may be secret, or dangerous to whoever opens the link. Undefined where it would be too long.
 */
export async function packProgram(form: ProgramForm): Promise<string | undefined> {
  const { env: _env, permissions: _permissions, limits: _limits, ...shared } = form;
  const standard = Object.entries(emptyForm("", ""));
  const named = Object.entries(shared).filter(([name, value]) =>
    !standard.some(([known, other]) => known === name && JSON.stringify(other) === JSON.stringify(value))
  );
  const bytes = await transform(new Blob([JSON.stringify(Object.fromEntries(named))]), "compress");
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return base64.length > MAX_PACKED_LENGTH
    ? undefined
    : base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Unpacks the program of a link, which anyone may have made. @throws {Error} where it is none */
export async function unpackProgram(packed: string): Promise<ProgramForm> {
  if (packed.length > MAX_PACKED_LENGTH) throw new Error("The program of this link is too long");
  try {
    const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await transform(new Blob([bytes]), "decompress"));
    return readForm(JSON.parse(text));
  } catch (cause) {
    throw new Error("The link has no whole program: copy it again", { cause });
  }
}

async function transform(blob: Blob, direction: "compress" | "decompress"): Promise<Uint8Array<ArrayBuffer>> {
  const through = direction === "compress"
    ? new CompressionStream("deflate-raw")
    : new DecompressionStream("deflate-raw");
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of blob.stream().pipeThrough(through)) {
    length += chunk.length;
    if (length > MAX_UNPACKED_BYTES) throw new Error("The program is too long");
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function readForm(value: unknown): ProgramForm {
  const read = recordOf(value);
  const text = (name: string, standard = "") => textOf(read[name] ?? standard);
  const preference = PREFERENCES.includes(text("preference")) ? text("preference") : "balanced";
  return {
    ...emptyForm(text("language"), text("code")),
    files: listOf(read["files"]).map(readFile),
    tests: listOf(read["tests"]).map(readTest),
    entrypoint: text("entrypoint"),
    args: text("args"),
    stdin: text("stdin"),
    isInteractive: read["isInteractive"] === true,
    outputs: text("outputs"),
    preference: preference as ProgramForm["preference"],
    runtime: text("runtime"),
    minIsolation: text("minIsolation"),
  };
}

function readFile(value: unknown): FormFile {
  const { content, encoding, path } = recordOf(value);
  return { path: textOf(path), content: textOf(content), encoding: encoding === "base64" ? "base64" : "utf8" };
}

function readTest(value: unknown): FormTest {
  const { expected, stdin } = recordOf(value);
  return { stdin: textOf(stdin), expected: textOf(expected) };
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new Error("It is no object");
  return value as Record<string, unknown>;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new Error("It is no text");
  return value;
}
