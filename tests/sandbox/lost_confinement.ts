import type { LayerName } from "../../src/sandbox/layers.ts";
import { openConfinedBench } from "../support/confined.ts";
import { spareLauncherOf } from "../support/spare_launcher.ts";

// A service that a test kills: it has two environments, a program that started another, and where it can a launcher that
// waits; it says where, and waits. Its arguments are the layers that it has not.

const bench = await openConfinedBench(...Deno.args as LayerName[]);
bench.confinement.makeDirectory(`${bench.scratchPath}/second`, { diskMb: 1 });
const program = bench.start(["/bin/sh", "-c", "(sleep 600 &); setsid sleep 600 & echo up; sleep 600"]);
await program.read();
if (bench.confinement.keepSpareLauncher() !== undefined) {
  await bench.sh(":");
  await spareLauncherOf(bench.scratchPath);
}
await new Blob([`${bench.scratchPath}\n`]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
await new Promise(() => setInterval(() => {}, 1_000));
