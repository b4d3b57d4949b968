import { hasCode, run, Sandbox } from "@codebeaker/client";

/** Prints what it reads, until the end of its input. */
const ECHO = `
  console.error("ready");
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) console.log(text.trim() + "é");
`;

/**
 * Does with a service what a client does. It runs on Deno, Node, Bun and in browsers, and so in JavaScript.
 *
 * @param {string} url
 */
export async function tellStory(url) {
  const code = async (promise) => {
    const error = await promise.then(() => undefined, (error) => error);
    return ["not_found", "conflict", "invalid_request", "permission_denied"].find((code) => hasCode(error, code));
  };
  const once = await run({ language: "typescript", code: "console.log(Deno.args)", args: ["a"] }, { url });
  const sandbox = await Sandbox.create({ language: "typescript", metadata: { by: "story" } }, { url });

  const { files } = sandbox;
  await files.write("data/a.txt", "héllo");
  await files.write("data/b.bin", new Uint8Array([0, 255]));
  const copied = await sandbox.commands.send({ type: "copy_file", source: "data/a.txt", destination: "c.txt" });
  const ran = await sandbox.run("console.log(Deno.readTextFileSync('data/a.txt'))");
  const failed = await sandbox.run({ code: "Deno.exit(3)", timeoutMs: 5_000 });
  const text = await new Response(await files.stream("c.txt")).text();
  await files.delete("data/a.txt");
  const listed = (await files.list("data")).map(({ name, size }) => `${name} ${size}`);
  const storage = [...await files.readBytes("data/b.bin"), await files.size("c.txt"), await files.size("none"), listed];
  const errors = [await code(files.read("none")), await code(files.read("..")), await code(files.read("data"))];
  errors.push(await code(sandbox.run({ code: "1", timeoutMs: -1 })));

  const program = await sandbox.start(ECHO);
  const events = [];
  for await (const { data, event } of program) {
    events.push(event === "stdout" ? data.text : event);
    if (event === "stderr") await program.write("line\n").then(() => program.closeStdin());
  }
  for await (const { event } of program) {
    events.push(event);
    break;
  }
  await program.wait();

  const context = await sandbox.contexts.create();
  await context.run("let x = 41");
  const cell = await context.run({ code: "x + 1" });
  const contexts = [cell.value, (await sandbox.contexts.list()).length, await context.interrupt()];
  await context.close();

  const controller = new AbortController();
  const endless = sandbox.run("for (;;);", { signal: controller.signal }).catch((error) => error);
  setTimeout(() => controller.abort("enough"), 200);
  const aborted = await endless;
  const { idleTimeoutMs } = await sandbox.setTimeout(60_000);
  const same = await Sandbox.connect(sandbox.id, { url });
  await sandbox.kill();
  await sandbox.kill();
  return {
    programs: [once.stdout, ran.stdout, failed.exitCode, copied.destination, text],
    storage,
    errors,
    events,
    contexts,
    life: [
      aborted,
      idleTimeoutMs,
      same.info.metadata.by,
      await code(same.run("1")),
      (await same.getInfo()).closedBecause,
    ],
  };
}
