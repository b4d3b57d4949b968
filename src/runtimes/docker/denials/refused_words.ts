import { addressOf, hostSchema } from "../../../core/permissions/hosts.ts";
import type { PermissionSettings } from "../../../core/permissions/permissions.ts";
import { isClosedAddress } from "../../../core/permissions/private_networks.ts";
import { type DenialRecord, RULES } from "../../../core/denials/denial_report.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";

/** What a container's denials are judged by. */
export interface ContainerPolicy {
  readonly permissions: PermissionSettings;
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
}

const READ_ONLY = "the file system is read-only but for the workspace and /tmp";
const NO_PRIVILEGE = "programs run as nobody, without any privilege of the operating system";

/** No more is read of what a program printed, since it may have been printed to be read. */
const MAX_LINES = 400;
const MAX_LINE_LENGTH = 500;
/** How far from its message the stack of an error stands. */
const STACK_LINES = 80;
/** Lines of source between a message and its stack. */
const SOURCE_LINES = 3;

/** How programs say that a name or an address could not be reached: the C library, Python, Node, Deno, Go, curl. */
const UNREACHABLE =
  /name resolution|name or service not known|resolve host|\b(?:EAI_AGAIN|ENOTFOUND|ENETUNREACH)\b|dns error|lookup address|no such host|network is unreachable/i;
/** What a packet filter that refuses an address looks like. */
const REFUSED = /connection refused|\bECONNREFUSED\b/i;
const READ_ONLY_WORDS = /read-only file system|\bEROFS\b/i;
const NOT_PERMITTED = /operation not permitted|\bEPERM\b/i;
const ACCESS_DENIED = /permission denied|\bEACCES\b/i;

/** Where a line names a host, most telling first. */
const HOSTS = [
  /getaddrinfo [A-Z_]+ (\S+)/,
  /connect E[A-Z]+ (\S+)/,
  /\/dev\/(?:tcp|udp)\/([^\s/]+\/\d+)/,
  /\bdial (?:tcp|udp)[46]? ([^\s,]+:\d+)/,
  /\blookup ([\w.-]+)(?: on|:)/,
  /resolve host(?: address)?:? [‘'"]?([\w.-]+)/i,
  /: line \d+: ([\w.-]+): /,
];
const URL_IN_LINE = /https?:\/\/[^\s()"'<>]+/;
const PATH = /[‘'"](\/[^’'"]*)[’'"]|(?:^|\s)(\/[^\s:'"]+): /g;
// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[\d;]*m/g;

/** Where an error happened, in a line of its stack: Python, then ECMAScript; the message itself, for a shell. */
const PYTHON_PLACE = /^\s*File "\/workspace\/([^"]+)", line (\d+)/;
const SCRIPT_PLACE = /^\s*at .*?\/workspace\/([^\s()]+:\d+:\d+)\)?$/;
const SHELL_PLACE = /^(?:\/workspace\/)?([\w./-]+): line (\d+): /;

/**
 * The denials that can be told from what a program printed on stderr: a container says nothing about them itself. What
 * a program prints to look like one falsifies its own denials only.
 */
export function readRefusedWords(stderr: string, policy: ContainerPolicy): DenialRecord[] {
  const lines = stderr.replaceAll(COLOURS, "").split("\n").filter((line) => line.length <= MAX_LINE_LENGTH);
  const read = lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES / 2), ...lines.slice(-MAX_LINES / 2)];
  const placed = read.map(toLine);
  return read.flatMap((line, index) => {
    const denial = readLine(line, policy);
    if (denial === undefined) return [];
    const at = placeNear(placed, index);
    return [{ ...denial, ...(at === undefined ? {} : { at }) }];
  });
}

/** A line, and the place in the workspace that it names as one of a stack. */
interface Line {
  readonly text: string;
  readonly language?: "python" | "ecmascript";
  readonly place?: string;
}

function toLine(text: string): Line {
  const [, file, number] = PYTHON_PLACE.exec(text) ?? [];
  if (file !== undefined) return { text, language: "python", place: `${file}:${number}` };
  const [, place] = SCRIPT_PLACE.exec(text) ?? [];
  return place === undefined ? { text } : { text, language: "ecmascript", place };
}

/** What a container without a network refuses a program that names no host. */
export function refuseNetwork(
  target: string | undefined,
  { permissions, openNetworks }: ContainerPolicy,
): DenialRecord {
  const address = target === undefined ? undefined : addressOf(target);
  const isPrivate = address !== undefined && isClosedAddress(address, openNetworks);
  if (isPrivate || permissions.allowNet !== false) {
    return { kind: "net", target: target ?? "*", rule: RULES.privateNetwork };
  }
  return { kind: "net", target: target ?? "*", rule: RULES.netOff, grant: { allowNet: true } };
}

function readLine(line: string, policy: ContainerPolicy): DenialRecord | undefined {
  const hasNetwork = policy.permissions.allowNet !== false;
  if (UNREACHABLE.test(line)) return hasNetwork ? undefined : refuseNetwork(hostIn(line), policy);
  if (REFUSED.test(line)) return readConnection(hostIn(line), policy);
  const path = pathIn(line);
  if (READ_ONLY_WORDS.test(line)) return { kind: "write", target: path ?? "*", rule: READ_ONLY };
  if (NOT_PERMITTED.test(line)) return { kind: "capability", target: path ?? "*", rule: NO_PRIVILEGE };
  const isForeign = path !== undefined && ![WORKSPACE_ROOT, "/tmp"].some((root) => path.startsWith(root));
  return isForeign && ACCESS_DENIED.test(line) ? { kind: "read", target: path, rule: NO_PRIVILEGE } : undefined;
}

/** On this host itself nobody listens who could have refused it but the program's own: that is no denial. */
function readConnection(host: string | undefined, policy: ContainerPolicy): DenialRecord | undefined {
  const address = host === undefined ? undefined : addressOf(host);
  if (host === undefined || address === undefined || address.startsWith("127.")) return undefined;
  return isClosedAddress(address, policy.openNetworks) ? refuseNetwork(host, policy) : undefined;
}

function hostIn(line: string): string | undefined {
  const url = URL_IN_LINE.exec(line)?.[0];
  const named = url === undefined ? HOSTS.map((pattern) => pattern.exec(line)?.[1]).find(Boolean) : hostOfUrl(url);
  const host = named?.replace("/", ":").replace(/[,:;]+$/, "");
  return host !== undefined && hostSchema.safeParse(host).success ? host : undefined;
}

function hostOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { hostname, port, protocol } = new URL(text);
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}

/** The last path of a line: a shell begins with that of the script. */
function pathIn(line: string): string | undefined {
  const [, quoted, bare] = [...line.matchAll(PATH)].at(-1) ?? [];
  return quoted ?? bare;
}

/**
 * Where the error of a line happened: Python puts the stack before the message, the innermost last; others put it
 * behind.
 */
function placeNear(lines: readonly Line[], index: number): string | undefined {
  const [, script, scriptLine] = SHELL_PLACE.exec(lines[index]?.text ?? "") ?? [];
  if (script !== undefined) return `${script}:${scriptLine}`;
  const behind = lines.slice(index + 1, index + STACK_LINES);
  const before = lines.slice(Math.max(0, index - STACK_LINES), index).toReversed();
  return findPlace(behind.filter(({ language }) => language !== "python"), { sourceLines: SOURCE_LINES }) ??
    findPlace(before, { sourceLines: 0 });
}

/** The first place in a stack, which ends where lines are no longer indented. */
function findPlace(lines: readonly Line[], { sourceLines }: { readonly sourceLines: number }): string | undefined {
  for (const [distance, { text, place }] of lines.entries()) {
    if (place !== undefined) return place;
    if (distance >= sourceLines && !/^\s/.test(text)) return undefined;
  }
  return undefined;
}
