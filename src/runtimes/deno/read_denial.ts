import { addressOf, hostFilter } from "../../core/permissions/hosts.ts";
import { isClosedAddress } from "../../core/permissions/private_networks.ts";
import { type DenialRecord, type PermissionGrant, RULES } from "../../core/denials/denial_report.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { DenialContext, ReportedDenial } from "../process/spec.ts";

/** What a denial is judged by. */
export interface DenialSettings extends DenialContext {
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
  readonly npmRegistry: string;
}

type Judgement = Pick<DenialRecord, "rule" | "grant">;

/** How Deno words a denial: the access, and where it names one what it is to. */
const REQUIRED =
  /^Requires (read|write|net|import|env|run|sys|ffi) access(?: to (?:"([^]*?)"|<([^>]*)>|all))?(?:, run again|\s|$)/;
/** What Deno grants no program that has permissions for some paths only. */
const UNSCOPED = /^(Deno\.\w+)\(\) requires unscoped/;
/** How Deno words a module that it did not load: a file that nothing shows to it is not there. */
const NO_FILE = /^(?:Module not found "file:\/\/([^"]+)"|Import 'file:\/\/([^']+)' failed)/;
const JSR_OFF = /^JSR package manifest for '([^']+)' failed to load\..*--no-remote/;
const JSR_HOST = "jsr.io:443";
const NPM_OFF = /^npm specifiers were requested/;
/** A place in a stack trace, which a line ends with. */
const SCHEME = "file://";
const PLACE = /^([^\s()]+):(\d+):(\d+)\)?$/;
/** The same in a cell of a context, whose file is its name. */
const CELL_PLACE = /^\s+at (?:async |.*\()?(cell_\d+:\d+:\d+)\)?$/;
/** No more of a stack trace is read, since a program may have written it. */
const MAX_FRAMES = 30;
const MAX_LINE_LENGTH = 500;
/** What stands between a program and `Deno.env.get` when it asks for a variable itself. */
const ENV_FRAME = /^\s*at (?:.*\bget\b.*|.*denoEnvGet.*|.*ext:deno_node\/process\.ts.*)$/;

/** What Deno's own words about a denial mean; undefined where they are about something else. */
export function readDenial(told: ReportedDenial, settings: DenialSettings): DenialRecord | undefined {
  if (told.message.length > MAX_LINE_LENGTH) return undefined; // start.js tells none that long.
  const frames = framesOf(told.stack);
  const at = placeOf(frames, settings.shownPaths);
  const place = at === undefined ? {} : { at };
  if (NPM_OFF.test(told.message)) {
    const { host } = new URL(settings.npmRegistry);
    return { kind: "import", target: "npm:", ...place, ...judgeNetwork(host, settings) };
  }
  const [, jsrName] = JSR_OFF.exec(told.message) ?? [];
  if (jsrName !== undefined) {
    return { kind: "import", target: `jsr:${jsrName}`, ...place, ...judgeNetwork(JSR_HOST, settings) };
  }
  const [, missing, unread] = NO_FILE.exec(told.message) ?? [];
  const file = missing ?? unread;
  if (file !== undefined) return readFile(show(decode(file), settings.shownPaths), place);
  const [, unscoped] = UNSCOPED.exec(told.message) ?? [];
  if (unscoped !== undefined) {
    return { kind: "write", target: `${unscoped}()`, ...place, rule: "links are never made, as they could lead out" };
  }
  const [, kind, quoted, named] = REQUIRED.exec(told.message) ?? [];
  const target = show(quoted ?? named ?? "*", settings.shownPaths);
  switch (kind) {
    case "net":
    case "import":
      return { kind, target, ...place, ...judgeNetwork(target, settings) };
    case "read":
    case "write":
      return { kind, target, ...place, ...judgePath(kind, target) };
    case "run":
      return { kind, target, ...place, rule: RULES.runOff, grant: { allowRun: true } };
    case "env":
      return readVariable(target, { frames, ...settings });
    case "sys":
    case "ffi":
      return { kind, target, ...place, rule: `${kind} is never granted on this runtime` };
    default:
      return undefined;
  }
}

/** A file of the workspace is really not there. */
function readFile(target: string, place: { readonly at?: string }): DenialRecord | undefined {
  const isOwn = target.startsWith(`${WORKSPACE_ROOT}/`);
  return isOwn ? undefined : { kind: "read", target, ...place, ...judgePath("read", target) };
}

function judgeNetwork(target: string, { permissions, openNetworks }: DenialSettings): Judgement {
  const { allowNet } = permissions;
  const address = addressOf(target);
  if (target.startsWith("[")) return { rule: RULES.ipv4Only };
  if (address !== undefined && isClosedAddress(address, openNetworks)) return { rule: RULES.privateNetwork };
  const isListed = allowNet === true || (allowNet !== false && hostFilter(allowNet)(target));
  if (isListed) return { rule: RULES.privateNetwork }; // Its name led there.
  return { rule: allowNet === false ? RULES.netOff : RULES.netUnlisted, grant: { allowNet: [target] } };
}

function judgePath(kind: "read" | "write", target: string): Judgement {
  const rule = kind === "read" ? RULES.readUnlisted : RULES.writeUnlisted;
  if (/^\/(dev|proc|sys)(\/|$)/.test(target)) return { rule: `${rule}, and never /dev, /proc or /sys` };
  const isOwn = [WORKSPACE_ROOT, "/codebeaker"].some((root) => target === root || target.startsWith(`${root}/`));
  if (isOwn || !target.startsWith("/")) return { rule };
  const grant: PermissionGrant = kind === "read" ? { allowRead: [target] } : { allowWrite: [target] };
  return { rule, grant };
}

/** A variable that a program's own line reads, and that is not there since the program may not read it. */
function readVariable(
  name: string,
  { frames, permissions, variables, shownPaths }: DenialSettings & { readonly frames: readonly string[] },
): DenialRecord | undefined {
  const asking = frames.find((frame) => !ENV_FRAME.test(frame));
  const at = asking === undefined ? undefined : placeOf([asking], shownPaths);
  if (at === undefined) return undefined; // A package or a module of Deno's asks: the program may not know of it.
  if (variables.includes(name) || permissions.allowEnv.includes(name)) return undefined;
  return { kind: "env", target: name, at, rule: RULES.envUnlisted, grant: { allowEnv: [name] } };
}

function framesOf(stack: string): string[] {
  const lines = stack.split("\n", 2 * MAX_FRAMES).filter((line) => line.length <= MAX_LINE_LENGTH);
  return lines.filter((line) => /^\s+at /.test(line)).slice(0, MAX_FRAMES);
}

/** The first place in the workspace, or in a cell. */
function placeOf(frames: readonly string[], shownPaths: DenialSettings["shownPaths"]): string | undefined {
  for (const frame of frames) {
    const [, cell] = CELL_PLACE.exec(frame) ?? [];
    if (cell !== undefined) return cell;
    const start = frame.lastIndexOf(SCHEME);
    const [, path = "", line, column] = start < 0 ? [] : PLACE.exec(frame.slice(start + SCHEME.length)) ?? [];
    const shown = show(decode(path), shownPaths);
    if (shown.startsWith(`${WORKSPACE_ROOT}/`)) return `${shown.slice(WORKSPACE_ROOT.length + 1)}:${line}:${column}`;
  }
  return undefined;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // No URL of Deno's: the program wrote it.
  }
}

function show(text: string, shownPaths: DenialSettings["shownPaths"]): string {
  return Object.entries(shownPaths).reduce((shown, [path, name]) => shown.replaceAll(path, name), text);
}
