// Preloaded into a service that is measured. On SIGUSR2 it collects all garbage of the service, and writes how many bytes
// of its heap are in use then to the file that COLLECTED_HEAP names.

const { gc } = globalThis as unknown as { gc(): void }; // V8's --expose-gc defines it.
const path = Deno.env.get("COLLECTED_HEAP") ?? "";

Deno.addSignalListener("SIGUSR2", () => {
  gc();
  Deno.writeTextFileSync(`${path}.new`, String(Deno.memoryUsage().heapUsed));
  Deno.renameSync(`${path}.new`, path); // Its reader sees a whole number.
});
