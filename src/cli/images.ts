import type { Command } from "commander";
import { buildLocalImages } from "../compose/mod.ts";
import { loadConfig } from "../config.ts";
import { exitCodeOfSignal } from "./exit_code.ts";
import { interruptible } from "./interruptible.ts";
import { print, printError } from "./output.ts";
import { addSettings } from "./settings.ts";

interface ImagesFlags {
  readonly force?: true;
  readonly [setting: string]: unknown;
}

/** `codebeaker images [environment...]`: local images, for where no registry can be reached. */
export function addImagesCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program.command("images")
    .description("build local container images from Debian packages, where they are not there yet")
    .argument("[environments...]", "what to build an image for (default: everything)")
    .option("--force", "build also what is there");
  addSettings(command, ["dockerHost", "dockerCertPath", "scratch"]).action(
    async (environments: string[], flags: ImagesFlags) => setExitCode(await buildAll(environments, flags)),
  );
}

async function buildAll(environments: readonly string[], { force, ...settings }: ImagesFlags): Promise<number> {
  const interrupt = interruptible();
  try {
    await buildLocalImages(await loadConfig(settings), {
      environments,
      force: force ?? false,
      signal: interrupt.signal,
      async report(report) {
        switch (report.kind) {
          case "building":
            await printError(`building ${report.tag}`);
            break;
          case "present":
            await print(`${report.tag}  is there already`);
            break;
          case "built":
            await print(`${report.tag}  ${Math.ceil(report.bytes / 1e6)} MB`);
            break;
        }
      },
    });
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodeOfSignal(interrupt.signal.reason);
    throw error;
  }
}
