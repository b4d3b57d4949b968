import { addressOf, hostSchema } from "../../core/permissions/hosts.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import { isClosedAddress } from "../../core/permissions/private_networks.ts";
import { type DenialRecord, RULES } from "../../core/denials/denial_report.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { findErrorPlace, parseStackLine } from "./stack_places.ts";

/** The settings by which denials are judged. */
export interface NetworkPolicy {
  readonly permissions: PermissionSettings;
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
}

/** Stands for a target that no line names. */
const UNKNOWN = "*";
const LISTEN_RULE = "programs cannot accept connections, on any runtime";
const READ_ONLY_RULE = "the file system is read-only but for the workspace and /tmp";
const NO_PRIVILEGE_RULE = "programs have no privilege of the operating system";

/** Bounds on the lines that are read. A hostile program may print any number of them. */
const MAX_LINES = 400;
const MAX_LINE_LENGTH = 500;
/** Messages about a name or address out of reach. They are those of the C library, Python, Node, Deno, Go and curl. */
const UNREACHABLE =
  /name resolution|name or service not known|resolve host|\b(?:EAI_AGAIN|ENOTFOUND|ENETUNREACH)\b|dns error|lookup address|no such host|network is unreachable|address family not supported|\bEAFNOSUPPORT\b/i;
/** Calls in the trace of a program that wants to serve, in several languages. */
const LISTENING = /\bsocketserver\.py\b|\bserver_bind\b|\bcreate_server\b|\b[Ll]isten\b|\bTCPServer\b|\bServerSocket\b/;
/** Messages about a connection that a packet filter, or the other host, refused. */
const CONNECTION_REFUSED = /connection refused|\bECONNREFUSED\b/i;
const READ_ONLY_FILE_SYSTEM = /read-only file system|\bEROFS\b/i;
const NOT_PERMITTED = /operation not permitted|\bEPERM\b/i;
const ACCESS_DENIED = /permission denied|\bEACCES\b/i;

/** What the C library says of a socket of the internet where programs have none. */
const FAMILY_REFUSED = /address family not supported|\bEAFNOSUPPORT\b/i;
const LISTEN_DENIAL: DenialRecord = { kind: "net", target: UNKNOWN, rule: LISTEN_RULE };

/** Patterns of the host in a line, the most specific first. */
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

/**
 * Reads denials from a program's stderr, where nothing around the program reports them. A program that prints false ones
 * falsifies its own report only.
 */
export function readStderrDenials(stderr: string, policy: NetworkPolicy): DenialRecord[] {
  const lines = stderr.replaceAll(COLOURS, "").split("\n").filter((line) => line.length <= MAX_LINE_LENGTH);
  const read = lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES / 2), ...lines.slice(-MAX_LINES / 2)];
  const stackLines = read.map(parseStackLine);
  const isServer = read.some((line) => LISTENING.test(line));
  const denials = read.flatMap((line, index) => {
    const denial = isServer && FAMILY_REFUSED.test(line) ? LISTEN_DENIAL : readLine(line, policy);
    if (denial === undefined) return [];
    const at = findErrorPlace(stackLines, index);
    return [{ ...denial, ...(at === undefined ? {} : { at }) }];
  });
  const named = new Set(denials.filter(({ target }) => target !== UNKNOWN).map(({ kind }) => kind));
  // Traces say the same error again, without its target.
  return denials.filter(({ kind, target }) => target !== UNKNOWN || !named.has(kind));
}

/** How denials are read where only the program's stderr shows them. */
export function stderrDenials({ openNetworks }: Pick<NetworkPolicy, "openNetworks">): {
  readStderr(stderr: string, context: Pick<NetworkPolicy, "permissions">): DenialRecord[];
} {
  return { readStderr: (stderr, { permissions }) => readStderrDenials(stderr, { permissions, openNetworks }) };
}

/** The denial of a host, or of the network where no host is known. */
export function denyNetwork(
  target: string | undefined,
  { permissions, openNetworks }: NetworkPolicy,
): DenialRecord {
  const address = target === undefined ? undefined : addressOf(target);
  const isPrivate = address !== undefined && isClosedAddress(address, openNetworks);
  if (isPrivate || permissions.allowNet !== false) {
    return { kind: "net", target: target ?? UNKNOWN, rule: RULES.privateNetwork };
  }
  return { kind: "net", target: target ?? UNKNOWN, rule: RULES.netOff, grant: { allowNet: true } };
}

function readLine(line: string, policy: NetworkPolicy): DenialRecord | undefined {
  const hasNetwork = policy.permissions.allowNet !== false;
  if (UNREACHABLE.test(line)) return hasNetwork ? undefined : denyNetwork(hostIn(line), policy);
  if (CONNECTION_REFUSED.test(line)) return readConnection(hostIn(line), policy);
  const path = pathIn(line);
  if (READ_ONLY_FILE_SYSTEM.test(line)) return { kind: "write", target: path ?? UNKNOWN, rule: READ_ONLY_RULE };
  if (NOT_PERMITTED.test(line)) return { kind: "capability", target: path ?? UNKNOWN, rule: NO_PRIVILEGE_RULE };
  const isForeign = path !== undefined && ![WORKSPACE_ROOT, "/tmp"].some((root) => path.startsWith(root));
  return isForeign && ACCESS_DENIED.test(line) ? { kind: "read", target: path, rule: NO_PRIVILEGE_RULE } : undefined;
}

/** The denial of a refused connection to a private address. A connection to loopback is the program's own. */
function readConnection(host: string | undefined, policy: NetworkPolicy): DenialRecord | undefined {
  const address = host === undefined ? undefined : addressOf(host);
  if (host === undefined || address === undefined || address.startsWith("127.")) return undefined;
  return isClosedAddress(address, policy.openNetworks) ? denyNetwork(host, policy) : undefined;
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

/** The last path of a line: a shell puts the path of the script first. */
function pathIn(line: string): string | undefined {
  const [, quoted, bare] = [...line.matchAll(PATH)].at(-1) ?? [];
  return quoted ?? bare;
}
