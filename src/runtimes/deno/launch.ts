import { EXITS_BY_ITSELF, READY } from "../../core/child_protocol.ts";
import type { Places } from "./places.ts";
import type { ShellProgram } from "./shell_program.ts";

/** A command line, and what is to be known to run it. */
export interface Launch {
  readonly argv: readonly [string, ...string[]];
  /** Relative to the workspace. */
  readonly workingDirectory: string;
  /** Those of the request. */
  readonly variables: Readonly<Record<string, string>>;
  /** The service's own beside them. */
  readonly ownVariables: Readonly<Record<string, string>>;
  readonly mounts: readonly (keyof Places)[];
  readonly hasNetwork: boolean;
  readonly startsOthers: boolean;
  /** Whether start.js waits in it for the service's word, and tells its end. */
  readonly waits: boolean;
  /** How many of its processes are the service's own. */
  readonly ownProcesses?: number;
}

/**
 * A shell that says so, runs the command, and tells when that ends itself with an exit code that looks like a signal,
 * as start.js does for programs. A shell says a word on its own stderr when a signal ended its child, except for SIGINT
 * and SIGPIPE.
 */
const ANNOUNCED = [
  "/bin/sh",
  "-c",
  `for signal in TERM INT HUP QUIT USR1 USR2; do trap : "$signal"; done
word=$TMPDIR/.ended-$$
exec 3>&2
(: >"$word") 2>/dev/null || word=/dev/null
exec 2>"$word"
[ "$word" = /dev/null ] || rm -f "$word"
printf '${octal(READY)}' >&3
(exec "$@" 2>&3 3>&-)
status=$?
case $status in
130 | 141) ;;
*) [ "$status" -le 128 ] || [ -s /dev/fd/2 ] || printf '${octal(EXITS_BY_ITSELF)}' >&3 ;;
esac
exit "$status"`,
  "sh",
] as const;

/** A text as printf(1) takes it. */
function octal(text: string): string {
  return [...text].map((character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
}

/**
 * Any command of this machine. Nothing checks what it does but the layers around it, so it has no network, whatever was
 * granted.
 */
export function commandLaunch(
  { command, args, workingDirectory }: Extract<ShellProgram, { kind: "other" }>,
  { places: { temporary, workspace }, variables }: {
    readonly places: Places;
    readonly variables: Readonly<Record<string, string>>;
  },
): Launch {
  return {
    argv: [...ANNOUNCED, command, ...args],
    workingDirectory,
    variables,
    ownVariables: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: workspace.target,
      TMPDIR: temporary.target,
      LANG: "C.UTF-8",
    },
    mounts: ["workspace", "temporary"],
    hasNetwork: false,
    startsOthers: true,
    waits: false,
    ownProcesses: 1,
  };
}
