import type { Need, Needs } from "../core/needs.ts";
import type { Places } from "./family.ts";
import type { FileReading, LocalImport, Use } from "./source_file.ts";

/** Most needs that an answer lists. */
const MAX_USES = 64;

/** Longest name that an answer lists. */
const MAX_NAME_LENGTH = 256;

/** The readings of a program's files by their paths. */
export type Readings = ReadonlyMap<string, FileReading>;

/** Combines the readings of files into the needs of their program. */
export function combine(readings: Readings, places: Places): Needs {
  const certain = certainUses(readings, places);
  const needs = new Map<string, Need>();
  let unknown: { readonly reason: string; readonly isDynamic: boolean } | undefined;
  const noteUnknown = (reason: string, isDynamic: boolean) => {
    if (unknown === undefined || (isDynamic && !unknown.isDynamic)) unknown = { reason, isDynamic };
  };
  for (const [path, { steps, uses, unknown: cause }] of readings) {
    if (cause !== undefined) {
      const place = cause.line === undefined ? path : `${path}:${cause.line}`;
      noteUnknown(`${place} ${cause.reason}`, cause.isDynamic);
    }
    const imports = steps.flatMap((step) => "paths" in step && step.paths.length > 0 ? [step] : []);
    const unread = imports.find((local) => !readings.has(places.fileOf?.(local) ?? ""));
    if (unread !== undefined) noteUnknown(`${path}:${unread.line} imports a file that is not read`, false);
    for (const use of [...uses, ...imports.flatMap((local) => usesOfImport(local, places))]) {
      if (places.localOf(use) !== undefined) continue;
      const { effect, kind, line, name } = use;
      if (name.length > MAX_NAME_LENGTH) {
        noteUnknown(`${path}:${line} uses a name of more than ${MAX_NAME_LENGTH} characters`, false);
        continue;
      }
      const key = `${kind} ${name}`;
      const known = needs.get(key);
      if (known === undefined && needs.size === MAX_USES) {
        noteUnknown(`the program uses more than ${MAX_USES} things`, false);
        continue;
      }
      if (known?.certain === true || (known !== undefined && !certain.has(use))) continue;
      needs.set(key, {
        ...{ kind, name, ...(effect === undefined ? {} : { effect }) },
        ...{ file: path, line, certain: certain.has(use) },
      });
    }
  }
  const uses = [...needs.values()];
  if (unknown === undefined) return { known: true, uses };
  const { isDynamic, reason } = unknown;
  return { known: false, reason, uses: isDynamic ? uses.map((use) => ({ ...use, certain: false })) : uses };
}

/** Finds the need of an import whose file has another name. Some runtimes try only the name in the import. */
function usesOfImport(local: LocalImport, places: Places): Use[] {
  const file = places.fileOf?.(local);
  if (file === undefined || file === local.paths[0]) return [];
  return [{ kind: "syntax", name: "import by another name", line: local.line, isFirst: false }];
}

/**
 * Finds the uses without which the program does nothing at all. They are the ones that run first, file by file in the
 * order of imports.
 */
function certainUses(readings: Readings, places: Places): ReadonlySet<Use> {
  const certain = new Set<Use>();
  const visited = new Set<string>();
  let hasForeignCode = false; // Such code may define globals.
  /** Visits a file. Returns whether the next file's steps still run first. */
  const visit = (path: string | undefined): boolean => {
    const reading = path === undefined ? undefined : readings.get(path);
    if (path === undefined || reading === undefined) return false;
    if (visited.has(path)) return true;
    visited.add(path);
    for (const step of reading.steps) {
      if (!step.isFirst) continue;
      const local = "paths" in step ? { path: places.fileOf?.(step) } : places.localOf(step);
      if (local === undefined && !("paths" in step)) {
        if (places.mayBeLocal?.(step) === true) return false;
        if (step.kind !== "global" || !hasForeignCode) certain.add(step);
        hasForeignCode ||= step.kind === "package" || step.kind === "url";
      } else if (!visit(local?.path)) return false;
    }
    return !reading.hasEffects;
  };
  visit(places.entrypoint);
  return certain;
}
