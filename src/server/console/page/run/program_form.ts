import type { Remedy } from "../../../../core/denials/denial.ts";
import type { LimitName } from "../../../../core/limits.ts";
import type { PermissionSettings } from "../../../../core/permissions/permissions.ts";
import type { Preference } from "../../../../core/selection.ts";

/** A file beside the main one. */
export interface FormFile {
  readonly path: string;
  readonly content: string;
  readonly encoding: "utf8" | "base64";
}

/** One run of the program with an input of its own. */
export interface FormTest {
  readonly stdin: string;
  /** What it has to print; empty, nothing is compared. */
  readonly expected: string;
}

/** Permissions as fields show them; a list has one entry a line. */
export interface PermissionForm {
  readonly read: string;
  readonly write: string;
  readonly net: "none" | "listed" | "public";
  readonly hosts: string;
  readonly env: string;
  readonly run: boolean;
}

/** The fields of a program and of how it is to run. An empty one takes the service's default. */
export interface ProgramForm {
  readonly language: string;
  readonly code: string;
  readonly files: readonly FormFile[];
  readonly entrypoint: string;
  /** One argument a line. */
  readonly args: string;
  /** One `NAME=value` a line. */
  readonly env: string;
  readonly stdin: string;
  /** Whether stdin is typed while the program runs. */
  readonly isInteractive: boolean;
  readonly tests: readonly FormTest[];
  /** One glob a line. */
  readonly outputs: string;
  readonly permissions: PermissionForm;
  readonly limits: Readonly<Partial<Record<LimitName, string>>>;
  readonly preference: Preference;
  readonly runtime: string;
  readonly minIsolation: string;
}

/** Permissions that allow nothing but the workspace. */
export const NO_PERMISSIONS: PermissionForm = { read: "", write: "", net: "none", hosts: "", env: "", run: false };

/** A form with nothing but a program. */
export function emptyForm(language: string, code: string): ProgramForm {
  return {
    ...{
      language,
      code,
      files: [],
      entrypoint: "",
      args: "",
      env: "",
      stdin: "",
      isInteractive: false,
      tests: [],
      outputs: "",
    },
    ...{ permissions: NO_PERMISSIONS, limits: {}, preference: "balanced", runtime: "", minIsolation: "" },
  };
}

/** The characters of files in all, which tells what they cost before they are copied. */
export function lengthOfFiles(files: readonly FormFile[]): number {
  return files.reduce((sum, { content }) => sum + content.length, 0);
}

/** The part of a request that decides where a program runs. */
export function toSelectionRequest({ language, limits, minIsolation, permissions, preference, runtime }: ProgramForm) {
  const { timeoutMs, ...others } = Object.fromEntries(
    Object.entries(limits).filter(([, text]) => text.trim() !== "").map(([name, text]) => [name, Number(text)]),
  );
  const named = toPermissions(permissions);
  return {
    language,
    preference,
    ...(runtime === "" ? {} : { runtime }),
    ...(minIsolation.trim() === "" ? {} : { minIsolation: Number(minIsolation) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(Object.keys(others).length === 0 ? {} : { limits: others }),
    ...(Object.keys(named).length === 0 ? {} : { permissions: named }),
  };
}

/** The request of a form. It asks for the explanation of the choice. */
export function toRequest(form: ProgramForm) {
  const { args, code, entrypoint, env, files, isInteractive, outputs, stdin, tests } = form;
  return {
    ...toSelectionRequest(form),
    ...(code === "" && files.length > 0 ? {} : { code }),
    ...(files.length === 0 ? {} : { files }),
    ...(entrypoint === "" ? {} : { entrypoint }),
    ...(args === "" ? {} : { args: argumentsOf(args) }),
    ...(env.trim() === "" ? {} : { env: toVariables(env) }),
    ...(isInteractive && tests.length === 0 ? {} : { stdin }),
    ...(tests.length === 0 ? {} : { tests: tests.map(toTest) }),
    ...(outputs.trim() === "" ? {} : { outputs: linesOf(outputs) }),
    explain: true,
  };
}

/** Grants what a remedy allows, beside what the form allows already. */
export function applyRemedy(form: PermissionForm, { permissions }: Remedy): PermissionForm {
  const { allowEnv, allowNet, allowRead, allowRun, allowWrite } = permissions;
  const grantsAll = allowNet === true || form.net === "public";
  const hosts = typeof allowNet === "object" ? allowNet : [];
  return {
    read: addLines(form.read, allowRead),
    write: addLines(form.write, allowWrite),
    net: grantsAll ? "public" : hosts.length > 0 ? "listed" : form.net,
    hosts: addLines(form.hosts, hosts),
    env: addLines(form.env, allowEnv),
    run: form.run || allowRun === true,
  };
}

/** Says in a few words what a form allows. */
export function describePermissions({ env, hosts, net, read, run, write }: PermissionForm): string {
  const parts = [
    countOf(linesOf(read).length, "path to read", "paths to read"),
    countOf(linesOf(write).length, "path to write", "paths to write"),
    net === "public" ? "the internet" : net === "listed" ? countOf(linesOf(hosts).length, "host", "hosts") : "",
    countOf(linesOf(env).length, "variable", "variables"),
    run ? "other programs" : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "Only its own workspace" : parts.join(", ");
}

/** The arguments of a field, one a line. The end of the last line begins no other one. */
export function argumentsOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** The lines of a text that are not empty. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** A number with its noun; empty for zero. */
export function countOf(count: number, one: string, many: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? one : many}`;
}

function toPermissions({ env, hosts, net, read, run, write }: PermissionForm): Partial<PermissionSettings> {
  const lists = { allowRead: linesOf(read), allowWrite: linesOf(write), allowEnv: linesOf(env) };
  return {
    ...Object.fromEntries(Object.entries(lists).filter(([, { length }]) => length > 0)),
    ...(net === "none" ? {} : { allowNet: net === "public" ? true : linesOf(hosts) }),
    ...(run ? { allowRun: true } : {}),
  };
}

function toTest({ expected, stdin }: FormTest) {
  return { stdin, ...(expected.trim() === "" ? {} : { expected }) };
}

function toVariables(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").filter((line) => line.trim() !== "").map((line) => {
      const [name = "", ...value] = line.split("=");
      return [name.trim(), value.join("=")];
    }),
  );
}

function addLines(text: string, added: readonly string[] = []): string {
  return [...new Set([...linesOf(text), ...added])].join("\n");
}
