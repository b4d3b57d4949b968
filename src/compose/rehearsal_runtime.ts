import { MAX_ISOLATION } from "../core/answers/vocabulary.ts";
import { CELL_REPORT, REPORT_END } from "../core/child_protocol.ts";
import type { Outcome, OutputStream } from "../core/execution.ts";
import { mainFileOf } from "../core/languages.ts";
import { NO_PERMISSIONS } from "../core/permissions/permissions.ts";
import { pipeSource, untilExitMarker } from "../process/child_output.ts";
import { mergeOutput } from "../process/merge_output.ts";
import type { CellOrder, CellReport, ExecutionRuntime, ProgramHandle } from "../runtimes/port.ts";
import { LateWorkspace } from "../runtimes/process/late_workspace.ts";
import { Workspace } from "../workspace/workspace.ts";

/** The facts of a runtime that are known before its code is loaded. */
type RuntimeFacts = Pick<
  ExecutionRuntime,
  "name" | "type" | "supportedEnvironments" | "contextEnvironments" | "getCapabilities"
>;

/** The report of every cell. */
const REPORT: CellReport = { kind: "done", value: 1, valueType: "json", text: "1" };

/**
 * A runtime with the facts of another, which starts no process. In this process, a context answers every cell with the
 * same value, and every program prints the same line.
 *
 * @param directory a directory for workspaces, into which nothing is written
 */
export function rehearsalRuntime(facts: RuntimeFacts, directory: string): ExecutionRuntime {
  const { contextEnvironments, name, supportedEnvironments, type } = facts;
  return {
    ...{ name, type, supportedEnvironments, contextEnvironments },
    getCapabilities: (environment) => facts.getCapabilities(environment),
    isAvailable: () => Promise.resolve({ available: true }),
    assess: () => Promise.resolve({ isolation: { level: MAX_ISOLATION, layers: [], limits: [] } }),
    diagnose: () => Promise.resolve({ level: MAX_ISOLATION, layers: [], canaries: [] }),
    createEnvironment({ environment }) {
      const files = new LateWorkspace(() => new Workspace(directory, { asideDirectory: directory }));
      return Promise.resolve({
        id: "env_rehearsal",
        language: environment,
        warm: true,
        files,
        mainFile: (language = environment) => mainFileOf(language),
        run: ({ kind }) => Promise.resolve(kind === "context" ? startInterpreter() : startProgram()),
        [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** An interpreter that has a cell's report at hand. Its output takes the way of a child's. */
function startInterpreter(): ProgramHandle {
  return startChild(({ stderr, stdout }) =>
    new WritableStream({
      write(bytes) {
        const { cell: { secret } }: { readonly cell: CellOrder } = JSON.parse(new TextDecoder().decode(bytes));
        stdout.print(`${CELL_REPORT}${secret}${JSON.stringify(REPORT)}${REPORT_END}`);
        stderr.print(`${CELL_REPORT}${secret}{}${REPORT_END}`);
      },
    })
  );
}

/** A program that prints a line, and is over. */
function startProgram(): ProgramHandle {
  return startChild(({ end, stdout }) => {
    stdout.print("1\n");
    end({ kind: "exited", exitCode: 0 });
    return new WritableStream();
  });
}

/** The output of a stand-in, and its end. */
interface Child {
  readonly stdout: Pipe;
  readonly stderr: Pipe;
  end(outcome: Outcome): void;
}

/** Starts a stand-in for a child. @param begin returns its stdin */
function startChild(begin: (child: Child) => WritableStream<Uint8Array>): ProgramHandle {
  const ended = Promise.withResolvers<Outcome>();
  const [stdout, stderr] = [openPipe("stdout"), openPipe("stderr")];
  const end = (outcome: Outcome) => {
    stdout.close();
    stderr.close();
    ended.resolve(outcome);
  };
  return {
    stdin: begin({ stdout, stderr, end }),
    output: mergeOutput([stdout.source, stderr.source], ended.promise),
    outcome: ended.promise,
    usage: () => ({ cpuMs: 0, peakMemoryBytes: 0 }),
    denials: () => ({ permissions: NO_PERMISSIONS, denials: [] }),
    forgetDenials() {},
    kill: (signal) => end({ kind: "signaled", signal }),
  };
}

/** The end of a pipe that a child writes to. */
interface Pipe {
  print(text: string): void;
  close(): void;
}

/** Makes a pipe within this process. As from a child's pipe, bytes are read into the reader's own buffer. */
function openPipe(stream: OutputStream): Pipe & { readonly source: ReturnType<typeof untilExitMarker> } {
  const printed: Uint8Array[] = [];
  let isClosed = false;
  let arrival = Promise.withResolvers<void>();
  const readable = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      while (printed.length === 0 && !isClosed) {
        await arrival.promise;
        arrival = Promise.withResolvers();
      }
      const bytes = printed.shift() ?? new Uint8Array();
      const { byobRequest } = controller;
      if (bytes.length === 0) controller.close();
      if (byobRequest?.view) new Uint8Array(byobRequest.view.buffer).set(bytes);
      byobRequest?.respond(bytes.length);
    },
  });
  const encoder = new TextEncoder();
  return {
    source: untilExitMarker(pipeSource(stream, readable), () => {}),
    print(text: string) {
      printed.push(encoder.encode(text));
      arrival.resolve();
    },
    close() {
      isClosed = true;
      arrival.resolve();
    },
  };
}
