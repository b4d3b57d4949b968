/**
 * The process of one Ruby program. Its interpreter is there before the program is known: it begins with a memory in
 * which it has started, and gets the workspace, a directory for temporary files, and nothing else of the host.
 */
import { ABORTED, end, fail, waitForOrders } from "../begin.js";
import { openSnapshot } from "../snapshot.js";
import { describeTrap } from "../traps.js";
import { Exit, openRuby } from "./boot.js";

const [parts] = Deno.args;

const ruby = openRuby(Deno.readFileSync(`${parts}/ruby.wasm`));
const { memory } = ruby;
const snapshot = openSnapshot(`${parts}/snapshot.bin`);
memory.grow((snapshot.bytes - memory.buffer.byteLength) / 65_536);
snapshot.restore(new Uint8Array(memory.buffer));
ruby.connect({});
const own = ruby.evaluate("CodeBeaker");
if (ruby.call(own, "warm_up").error !== undefined) fail("The interpreter does not run", ABORTED);

const { args, directories, directory, env, file } = waitForOrders();
ruby.connect(directories);
const orders = [file, directory, `${args.length}`, ...args, ...Object.entries(env).flat()].join("\0");
try {
  const program = ruby.evaluate(`CodeBeaker.open("${new TextEncoder().encode(orders).toHex()}")`);
  const { error } = ruby.call(program, "eval"); // From here, so that no backtrace has frames of another.
  ruby.call(own, "finish", error === undefined ? [] : [error]);
  fail("The interpreter stopped", ABORTED);
} catch (error) {
  if (error instanceof Exit) end(error.code);
  fail(describeTrap(error, "ruby"), ABORTED);
}
