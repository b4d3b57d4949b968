import { addressOf, hostFilter } from "../../core/permissions/hosts.ts";
import { isClosedAddress } from "../../core/permissions/private_networks.ts";
import { type DenialRecord, type PermissionGrant, RULES } from "../../core/denials/denial_report.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { OWN_ROOT } from "../process/mounts.ts";
import type { DenialContext, ReportedDenial } from "../process/spec.ts";

/** The facts by which a denial is judged. */
export interface DenialSettings extends DenialContext {
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
  readonly npmRegistry: string;
}

type Judgement = Pick<DenialRecord, "rule" | "grant">;

/** Deno's words for a denial: the access and, where it is named, the target. */
const REQUIRED =
  /^Requires (read|write|net|import|env|run|sys|ffi) access(?: to (?:"([^]*?)"|<([^>]*)>|all))?(?:, run again|\s|$)/;
/** Deno's words for an operation that needs a permission for every path. */
const UNSCOPED = /^(Deno\.\w+)\(\) requires unscoped/;
/** Deno's words for a module that it did not load. A file that is not mounted is not found. */
const NO_FILE = /^(?:Module not found "file:\/\/([^"]+)"|Import 'file:\/\/([^']+)' failed)/;
const JSR_OFF = /^JSR package manifest for '([^']+)' failed to load\..*--no-remote/;
const JSR_HOST = "jsr.io:443";
const NPM_OFF = /^npm specifiers were requested/;
/** The place at the end of a line of a stack trace. */
const SCHEME = "file://";
const PLACE = /^([^\s()]+):(\d+):(\d+)\)?$/;
/** The place in a cell of a context. A cell's file is its name. */
const CELL_PLACE = /^\s+at (?:async |.*\()?(cell_\d+:\d+:\d+)\)?$/;
/** Bounds of the stack trace that is read: a program may have written it. */
const MAX_FRAMES = 30;
const MAX_LINE_LENGTH = 500;
/** The frames between a program's own and `Deno.env.get`. */
const ENV_FRAME = /^\s*at (?:.*\bget\b.*|.*denoEnvGet.*|.*ext:deno_node\/process\.ts.*)$/;

/** Reads Deno's words about a denial; undefined where they are about something else. */
export function readDenial({ message, stack }: ReportedDenial, settings: DenialSettings): DenialRecord | undefined {
  if (message.length > MAX_LINE_LENGTH) return undefined; // start.js reports none that long.
  const frames = framesOf(stack);
  const at = placeOf(frames, settings.shownPaths);
  const place = at === undefined ? {} : { at };
  if (NPM_OFF.test(message)) {
    const { host } = new URL(settings.npmRegistry);
    return { kind: "import", target: "npm:", ...place, ...judgeNetwork(host, settings) };
  }
  const [, jsrName] = JSR_OFF.exec(message) ?? [];
  if (jsrName !== undefined) {
    return { kind: "import", target: `jsr:${jsrName}`, ...place, ...judgeNetwork(JSR_HOST, settings) };
  }
  const [, missing, unread] = NO_FILE.exec(message) ?? [];
  const file = missing ?? unread;
  if (file !== undefined) return readFile(show(decode(file), settings.shownPaths), place);
  const [, unscoped] = UNSCOPED.exec(message) ?? [];
  if (unscoped !== undefined) {
    return { kind: "write", target: `${unscoped}()`, ...place, rule: "links are never made, as they could lead out" };
  }
  const [, kind, quoted, named] = REQUIRED.exec(message) ?? [];
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

/** The denial of a file that was not found. A missing file of the workspace is no denial. */
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
  if (isListed) return { rule: RULES.privateNetwork }; // The name resolves to a closed address.
  return { rule: allowNet === false ? RULES.netOff : RULES.netUnlisted, grant: { allowNet: [target] } };
}

function judgePath(kind: "read" | "write", target: string): Judgement {
  const rule = kind === "read" ? RULES.readUnlisted : RULES.writeUnlisted;
  if (/^\/(dev|proc|sys)(\/|$)/.test(target)) return { rule: `${rule}, and never /dev, /proc or /sys` };
  const isOwn = [WORKSPACE_ROOT, OWN_ROOT].some((root) => target === root || target.startsWith(`${root}/`));
  if (isOwn || !target.startsWith("/")) return { rule };
  const grant: PermissionGrant = kind === "read" ? { allowRead: [target] } : { allowWrite: [target] };
  return { rule, grant };
}

/** The denial of a variable that a line of the program itself reads. */
function readVariable(
  name: string,
  { frames, permissions, variables, shownPaths }: DenialSettings & { readonly frames: readonly string[] },
): DenialRecord | undefined {
  const asking = frames.find((frame) => !ENV_FRAME.test(frame));
  const at = asking === undefined ? undefined : placeOf([asking], shownPaths);
  if (at === undefined) return undefined; // A package or a module of Deno's reads it: the program may not know of it.
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
