import type { Limits } from "../../src/core/limits.ts";
import type { PermissionSettings } from "../../src/core/permissions/permissions.ts";
import type { TarEntry } from "../support/tar.ts";
import { denoByNode } from "./deno_by_node.ts";
import type { MachineBounds } from "./machine_counters.ts";

/** How programs of the original design got out, each of which has to stay closed: the first table of the design's SECURITY. */
export const MECHANISMS = [
  "static imports of local files",
  "configuration in the workspace",
  "an entry that is a task's or a flag's name",
  "npm:, jsr: and https: imports",
  "symlinks that lead out",
  "a shared DENO_DIR",
  "environment variables from the request",
  "permission lists split at commas",
  "memory beside the JS heap",
  "output without bound, and pipes that a grandchild holds",
  "/proc/1/environ",
] as const;

/** What an attack is about. */
export const CATEGORIES = [
  "files",
  "links",
  "configuration",
  "network",
  "environment",
  "processes",
  "machine",
  "memory",
  "cpu",
  "disk",
  "output",
  "time",
  "smuggling",
] as const;

/** What looks at an attack from outside the sandbox. */
export type Oracle =
  /** The secret is in an answer, or in what the environment holds. */
  | "secret"
  /** Somebody has knocked at a listener. */
  | "connection"
  /** Something outside has come, gone or changed. */
  | "outside"
  /** A process that is none of the program's is gone. */
  | "victim"
  /** A process, file, mount or control group is still there when its environment is not. */
  | "leftover"
  /** The service itself has grown. */
  | "service"
  /** More than the limits say was used. */
  | "excess"
  /** A counter of the whole machine has grown beyond what one sandbox may take. */
  | "machine"
  /** It ended in no way that it may end. */
  | "ending"
  /** A request went through that had to be refused. */
  | "accepted"
  /** An honest program is not let work afterwards. */
  | "honesty";

/** What an oracle saw. */
export interface Finding {
  readonly oracle: Oracle;
  readonly detail: string;
}

/**
 * The languages of attacks: environment names, `shell` for a command line, and `ecmascript` for what any runtime of
 * JavaScript runs: with what {@link denoByNode} has of the `Deno` namespace.
 */
export const ATTACK_LANGUAGES = [
  ...["typescript", "javascript", "web", "python", "node", "bash", "shell", "ecmascript"] as const,
] as const;

/** The language of an attack. */
export type AttackLanguage = typeof ATTACK_LANGUAGES[number];

/**
 * One thing that an attacker does. In every text `{{name}}` stands for what the {@link World} has of that name.
 *
 * - `code` is run as the language's main file, `shell` is a command line (of `sh -c` when it is a string);
 * - `files` are written, and an archive unpacked, as a client's are;
 * - `command` is what a session is asked, `request` what comes to the door as a one-shot request.
 */
export type Step =
  | { readonly code: string; readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] }
  | { readonly shell: string | readonly [string, ...string[]]; readonly env?: Readonly<Record<string, string>> }
  | { readonly files: Readonly<Record<string, string>> }
  | { readonly unpack: readonly TarEntry[] }
  | { readonly command: Readonly<Record<string, unknown>>; readonly mustBeRefused?: boolean }
  | { readonly request: Readonly<Record<string, unknown>>; readonly mustBeRefused?: boolean }
  /** The whole workspace, as an archive. */
  | { readonly download: true }
  /** What is asked again and again while a program runs. */
  | { readonly during: Step; readonly steps: readonly Step[] }
  /** What another tenant does in an environment of its own, which stays; its answers are no concern of the oracles. */
  | { readonly neighbour: string }
  /** What runs with this machine's network and processes, where environments are containers in one that is no environment. */
  | { readonly unheld: readonly [string, ...string[]] };

/** What a program may use at most, as the kernel's counters tell. */
export interface Bounds {
  readonly memoryMb?: number;
  readonly processes?: number;
  /** In the directory of its environment. */
  readonly diskMb?: number;
  readonly files?: number;
  /** How far counters of the whole machine may grow meanwhile. */
  readonly machine?: MachineBounds;
}

/** What one oracle may see of an attack, and why nothing else is promised there. */
export interface Exemption {
  readonly oracle: Oracle;
  readonly reason: string;
}

/** Where an attack is not held, by the name of the subject. */
export type Exemptions = Readonly<Record<string, Exemption>>;

/** Where something is refused before it begins, by the name of the subject, with what the refusal says. */
export type Refusals = Readonly<Record<string, string>>;

/** What each runtime says that cannot honour a permission. */
const NEEDS_NAMESPACES =
  "a program that may start others could do all that the service can, and no layer of the operating system";
const NEEDS_PACKET_FILTER = "private networks over IPv6 and abstract sockets cannot be kept out here";

/** Of what asks for leave to start programs. */
export const WITHOUT_NAMESPACES: Refusals = {
  "deno under Landlock, not root": NEEDS_NAMESPACES,
  "deno as another user": NEEDS_NAMESPACES,
  "deno with flags alone": NEEDS_NAMESPACES,
};
/** Of what asks for network. */
export const WITH_FLAGS_ALONE: Refusals = { "deno with flags alone": NEEDS_PACKET_FILTER };

/** Of what means something else where programs have a file system of their own. */
export function inNamespaces(saying: string): Refusals {
  const subjects = ["", ", warm", ", in a context", ", not root"].map((way) => `deno in namespaces${way}`);
  return Object.fromEntries(subjects.map((subject) => [subject, saying]));
}

/** A hostile program, request or sequence of them. */
export interface Attack {
  readonly name: string;
  readonly mechanism?: typeof MECHANISMS[number];
  /** Absent, TypeScript. */
  readonly language?: AttackLanguage;
  /** Short for one step with `code`. */
  readonly code?: string;
  /** Short for a program that evaluates each, and prints what it gives or that it failed. */
  readonly tries?: readonly string[];
  readonly steps?: readonly Step[];
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly permissions?: Partial<PermissionSettings>;
  readonly limits?: Partial<Limits>;
  /** What the operator opened, CIDR. */
  readonly openNetworks?: readonly string[];
  /** The kinds of outcome that its last program may have. */
  readonly ends?: readonly string[];
  readonly bounds?: Bounds;
  /** Words that no answer may hold, beside the secret; its `{{names}}` are the world's. */
  readonly reveals?: string;
  /** How long an answer may be, in characters. */
  readonly maxAnswerLength?: number;
  /** Whether nothing works in its environment afterwards: an honest program is tried in a fresh one after all of its category. */
  readonly spoils?: boolean;
  /** The oracle that sees it where nothing holds it: tried without any sandbox, which shows that attack and oracle work. */
  readonly trips?: Oracle;
  readonly exemptions?: Exemptions;
  readonly refusals?: Refusals;
  /** The attack that stands for this one in subjects that meet one of those that are {@link alike}. */
  readonly standIn?: string;
}

/** A program that is let do something, by which an oracle must see it. */
export interface Control extends Attack {
  readonly seenBy: Oracle;
}

/** The attacks of one category. */
export interface AttackTable {
  readonly category: typeof CATEGORIES[number];
  readonly attacks: readonly Attack[];
  readonly controls: readonly Control[];
}

/** Attacks that the same mechanism holds, whatever the layers: the first stands for the others. */
export function alike(attacks: readonly Attack[]): readonly Attack[] {
  return attacks.map((attack, index) => {
    const first = attacks[0]?.name;
    return index === 0 || first === undefined ? attack : { ...attack, standIn: first };
  });
}

/** Attacks that are tried on Deno, and in the language of all runtimes of JavaScript those that no other stands for. */
export function everywhere<T extends Attack>(attacks: readonly T[]): readonly T[] {
  const inEcmascript = attacks.map((attack) => ({ ...attack, language: "ecmascript" as const }));
  return [...attacks, ...inEcmascript.filter(({ standIn }) => standIn === undefined)];
}

/** What programs that only compute do not have, beside what a regular expression does not find. */
const BEYOND_COMPUTING =
  /\b(?:Deno|process|require|Worker|addEventListener|MessageChannel|subtle|Response|caches|localStorage|navigator)\b|\b(?:data|node):/;

/**
 * A table with those attacks in JavaScript again, for programs that only compute, which need nothing else. They have no
 * bounds: no process of theirs carries the attack's token, so that their memory cannot be seen from outside. The tests
 * of contexts in `web` count the memory that such a program gets.
 */
export function alsoByComputing(table: AttackTable): AttackTable {
  /** The first of those that another stands for, by that one: it may be none that only computes. */
  const firsts = new Map<string, string>();
  const again = table.attacks.filter(onlyComputes).map(({ bounds: _bounds, standIn, ...attack }): Attack => {
    const first = firsts.getOrInsert(standIn ?? attack.name, attack.name);
    return { ...attack, language: "web", ...(first === attack.name ? {} : { standIn: first }) };
  });
  return { ...table, attacks: [...table.attacks, ...again] };
}

function onlyComputes(attack: Attack): boolean {
  const { env, language = "typescript", permissions } = attack;
  const steps = stepsOf(attack);
  const isPlain = steps.every((step) =>
    "files" in step || "unpack" in step || ("code" in step && step.env === undefined && step.args === undefined)
  );
  return language === "typescript" && isPlain && steps.some((step) => "code" in step) &&
    env === undefined && permissions === undefined && !BEYOND_COMPUTING.test(JSON.stringify(steps));
}

/** Everything that an attack does, in order. */
export function stepsOf({ code, files, language, steps = [], tries }: Attack): readonly Step[] {
  const all = [
    ...(files === undefined ? [] : [{ files }]),
    ...(code === undefined ? [] : [{ code }]),
    ...(tries === undefined ? [] : [{ code: tryEach(tries) }]),
    ...steps,
  ];
  return language === "ecmascript" ? all.map(withPrimitives) : all;
}

const PRIMITIVES = `globalThis.Deno ??= (${denoByNode})(process);\n`;

function withPrimitives(step: Step): Step {
  if ("code" in step) return { ...step, code: PRIMITIVES + step.code };
  if ("neighbour" in step) return { neighbour: PRIMITIVES + step.neighbour };
  if ("during" in step) return { during: withPrimitives(step.during), steps: step.steps.map(withPrimitives) };
  return step;
}

/** A program that evaluates each expression, and goes on when one fails. */
function tryEach(expressions: readonly string[]): string {
  return expressions.map((expression) =>
    `try { console.log(await (${expression})); } catch (error) { console.log("refused:", error?.message ?? error); }`
  ).join("\n");
}
