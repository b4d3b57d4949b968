import { FILTER_DESCRIPTOR } from "./bubblewrap.ts";

/** Bounds that the kernel enforces on each process that a child becomes and starts: getrlimit(2). */
export interface ResourceLimits {
  /** The kernel warns at the end (SIGXCPU), and kills a second later. */
  readonly cpuSeconds: number;
  /** The size of a file, with the holes in it; absent means unbounded. */
  readonly fileBytes?: number | undefined;
  readonly dataBytes: number;
  readonly descriptors: number;
  /** Processes and threads of the process's user, unless that is root. Absent means unbounded. */
  readonly tasks?: number;
}

const BLOCK_BYTES = 512;
const KIBIBYTE = 1024;
/** Ends a child whose service is killed at this moment, which would run for ever. */
const ORPHANED = `[ "$PPID" = ${Deno.pid} ] || exit 126; `;
/**
 * Ends a spare shell whose service was killed while the shell waited. The shell has another parent since:
 * proc_pid_stat(5).
 */
const ABANDONED = `read -r pid name state parent rest </proc/$$/stat; [ "$parent" = ${Deno.pid} ] || exit 126; `;
const NAME_NEWLINE = "newline='\n'; ";
/** Longest line in characters. A shell reads each byte by a call of its own, 2,000 of them in 0.3 ms. */
const MAX_LINE_LENGTH = 2_000;
const REFUSED = '{ echo "its control group cannot be joined" >&2; exit 126; }';

/** The steps of the shell beside setting limits. */
export interface LimitingOptions {
  /** The files through which a process joins its control group, by writing 0 into each. */
  readonly groupFiles?: readonly string[];
  /** The file on which {@link FILTER_DESCRIPTOR} is opened. */
  readonly filterPath: string | undefined;
  /** Whether the command gets no `PWD` and `OLDPWD`, which a shell adds by itself. */
  readonly hidesDirectory?: boolean;
}

/**
 * A shell in front of a command line that confines itself and becomes the command.
 *
 * It joins its control group, sets resource limits, and opens the seccomp filter for bubblewrap. It does so before the
 * child becomes another user, or starts anything: from outside all this would come too late, or take a capability that
 * a service in a container lacks. A bound that is lower already stays, unless root may raise it; without its group the
 * command does not begin.
 *
 * Sources: ulimit in dash(1), POSIX for the units of `-f`; `-p` of dash is `-u` of others; cgroups(7) for the 0.
 */
export function limitingShell(limits: ResourceLimits | undefined, options: LimitingOptions): string[] {
  return ["/bin/sh", "-c", `${ORPHANED}${scriptOf(limits, options)}`, "sh"];
}

/**
 * A shell that waits for a line of {@link limitingLine} and becomes its command line. It exits when its service is
 * gone.
 */
export function spareShell(): string[] {
  return ["/bin/sh", "-c", `${ORPHANED}${NAME_NEWLINE}read -r line || exit 126; ${ABANDONED}eval "$line"`, "sh"];
}

/**
 * The line on which {@link spareShell} acts as {@link limitingShell} in front of a command line. Undefined where the
 * line is too long to read byte by byte, or holds characters that a shell may read otherwise.
 */
export function limitingLine(
  limits: ResourceLimits | undefined,
  { argv, ...options }: LimitingOptions & { readonly argv: readonly string[] },
): string | undefined {
  const words = argv.map((word) => quote(word).replaceAll("\n", `'"$newline"'`));
  const line = `set -- ${words.join(" ")}; ${scriptOf(limits, options)}`;
  return line.length <= MAX_LINE_LENGTH && /^[ -~]*$/.test(line) ? `${line}\n` : undefined;
}

function scriptOf(
  limits: ResourceLimits | undefined,
  { filterPath, groupFiles = [], hidesDirectory = false }: LimitingOptions,
): string {
  const bounds = limits === undefined ? [] : [
    `-St ${limits.cpuSeconds}`, // First, since no hard limit may be below the soft one.
    `-Ht ${limits.cpuSeconds + 1}`,
    ...(limits.fileBytes === undefined ? [] : [`-f ${Math.ceil(limits.fileBytes / BLOCK_BYTES)}`]),
    `-d ${Math.ceil(limits.dataBytes / KIBIBYTE)}`,
    `-n ${limits.descriptors}`,
    "-c 0",
  ].map((bound) => `ulimit ${bound}`);
  const tasks = limits?.tasks === undefined ? [] : [`ulimit -u ${limits.tasks} || ulimit -p ${limits.tasks}`];
  const filter = filterPath === undefined ? "" : `${FILTER_DESCRIPTOR}<${quote(filterPath)} `;
  const all = [...bounds, ...tasks].map((bound) => `${bound};`).join(" ");
  const joins = groupFiles.map((file) => `{ echo 0 >${quote(file)}; } 2>/dev/null || ${REFUSED}; `).join("");
  const forget = hidesDirectory ? "unset PWD OLDPWD; " : "";
  return `${joins}{ ${all} :; } 2>/dev/null; ${forget}exec ${filter}"$@"`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
