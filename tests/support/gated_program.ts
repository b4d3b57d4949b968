import type { Outcome, OutputChunk } from "../../src/core/execution.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { chunkOf, FakeEnvironment, fakeProgram } from "./fake_environment.ts";

/** An environment whose programs print "begun", and end when a test says so or their signal is aborted. */
export interface GatedEnvironment {
  readonly environment: FakeEnvironment;
  /** How many programs have begun. */
  begun(): number;
  /** Ends the oldest program that runs. */
  endOne(outcome?: Outcome): void;
  /** Settles once so many programs have begun. */
  untilBegun(count: number): Promise<void>;
}

export async function gatedEnvironment(): Promise<GatedEnvironment> {
  const gates: ((outcome: Outcome) => void)[] = [];
  let begun = 0;
  const environment: FakeEnvironment = await FakeEnvironment.create(() => {
    const signal = environment.runs.at(-1)?.options.signal;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    gates.push(resolve);
    begun++;
    if (signal?.aborted) resolve({ kind: "cancelled" });
    signal?.addEventListener("abort", () => {
      gates.splice(gates.indexOf(resolve), 1);
      resolve({ kind: "cancelled" });
    });
    const output = new ReadableStream<OutputChunk>({
      async start(controller) {
        controller.enqueue(chunkOf("stdout", "begun"));
        await promise;
        controller.close();
      },
    });
    return fakeProgram({ output, outcome: promise });
  });
  return {
    environment,
    begun: () => begun,
    endOne: (outcome = { kind: "exited", exitCode: 0 }) => gates.shift()?.(outcome),
    async untilBegun(count) {
      while (begun < count) await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}

/** The same environment with some of it replaced. */
export function withParts(
  environment: ExecutionEnvironment,
  parts: Partial<ExecutionEnvironment>,
): ExecutionEnvironment {
  return {
    id: environment.id,
    language: environment.language,
    warm: environment.warm,
    files: environment.files,
    mainFile: (language) => environment.mainFile(language),
    run: (program, options) => environment.run(program, options),
    [Symbol.asyncDispose]: async () => await environment[Symbol.asyncDispose](),
    ...parts,
  };
}
