import { dirname } from "@std/path";
import { EXITS_BY_ITSELF, READY } from "../../core/child_protocol.ts";
import type { ContextProgram, Launch, LaunchSite } from "./launch.ts";
import type { CommandLine, ProcessSpec } from "./spec.ts";

const REPORT_READY = `printf '${octal(READY)}' >&3`;

/** The steps of a shell before its command. It reads no more of stdin than the go. */
const BEGINNINGS = {
  reports: REPORT_READY,
  waits: `${REPORT_READY}\nread -r go || exit`,
  /** The command itself keeps to the handshake. */
  leavesIt: ":",
} as const;

/**
 * A shell that reports that a command begins, and runs it. It also reports when the command exits by itself with a code
 * that looks like a signal. A shell prints on its own stderr when a signal ended its child, except for SIGINT and
 * SIGPIPE.
 *
 * @param begin the shell's steps before the command
 */
function reportingShell(begin: keyof typeof BEGINNINGS): readonly [string, ...string[]] {
  const script = `for signal in TERM INT HUP QUIT USR1 USR2; do trap : "$signal"; done
word=$TMPDIR/.ended-$$
exec 3>&2
(: >"$word") 2>/dev/null || word=/dev/null
exec 2>"$word"
[ "$word" = /dev/null ] || rm -f "$word"
${BEGINNINGS[begin]}
(exec "$@" 2>&3 3>&-)
status=$?
case $status in
130 | 141) ;;
*) [ "$status" -le 128 ] || [ -s /dev/fd/2 ] || printf '${octal(EXITS_BY_ITSELF)}' >&3 ;;
esac
exit "$status"`;
  return ["/bin/sh", "-c", script, "sh"];
}

/** A command line, and the variables of its request. */
export type Command = CommandLine & Pick<ContextProgram, "variables"> & Pick<ProcessSpec, "isOnPath">;

/**
 * Launches any command of this machine. Only the layers of the operating system check the command, so it has no
 * network, whatever is granted.
 */
export function commandLaunch(site: LaunchSite, command: Command): Launch {
  const launch = reportingLaunch(site, command);
  return {
    ...launch,
    argv: [...reportingShell("reports"), ...launch.argv],
    handshake: "ready",
    ownProcesses: 1,
    isCommand: true,
  };
}

/** Launches a command by a shell that starts and waits before its program is known. */
export function waitingCommandLaunch(site: LaunchSite, command: Command): Launch {
  const launch = reportingLaunch(site, command);
  return { ...launch, argv: [...reportingShell("waits"), ...launch.argv], ownProcesses: 1 };
}

/** The command line of a command that starts before its program is known. The command itself keeps to the handshake. */
export function waitingArgv(command: Pick<CommandLine, "command" | "args">): Launch["argv"] {
  return [...reportingShell("leavesIt"), command.command, ...command.args];
}

/** Launches a command that itself keeps to the handshake and reports its exit. It needs no shell. */
export function reportingLaunch(
  { mounts: { binary, temporary, workspace } }: LaunchSite,
  { command, args, isOnPath = false, workingDirectory, variables }: Command,
): Launch {
  return {
    argv: [command, ...args],
    workingDirectory,
    variables,
    ownVariables: {
      PATH: [...(isOnPath ? [dirname(binary.target)] : []), "/usr/local/bin:/usr/bin:/bin"].join(":"),
      HOME: workspace.target,
      TMPDIR: temporary.target,
      LANG: "C.UTF-8",
    },
    mounts: [workspace, temporary, ...(isOnPath ? [binary] : [])],
    hasNetwork: false,
    startsOthers: true,
    handshake: "ready_and_go",
  };
}

/** A text in the escapes of printf(1). */
function octal(text: string): string {
  return [...text].map((character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
}
