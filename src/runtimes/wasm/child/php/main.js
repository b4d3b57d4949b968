/**
 * The process of one PHP program. Its interpreter is there before the program is known, and finds the workspace, a
 * directory for temporary files, and nothing else of the host.
 */
import { ABORTED, end, fail, reportDenial, waitForOrders } from "../begin.js";
import { mountHostFiles } from "../host_files.js";
import { boot, run } from "./boot.js";

/** The functions of PHP that start other programs. There are none. */
const POWERLESS = ["exec", "mail", "passthru", "popen", "proc_open", "shell_exec", "system"];
/** The command line before the program's file. PHP reads no file of settings. */
const COMMAND = [
  ...["php", "-n", "-d", "memory_limit=-1", "-d", "display_errors=stderr"],
  ...["-d", `disable_functions=${POWERLESS}`],
];
/** Calls what many programs call, so that it is compiled. */
const WARM_UP = `<?php
set_error_handler(fn () => true);
file_put_contents("/tmp/warm_up", json_encode(["a" => [1, 2.5, "b"]]));
print_r(json_decode(file_get_contents("/tmp/warm_up"), true));
printf("%s %05.2f\\n", implode("|", array_map("strtoupper", explode(" ", "a b"))), sqrt(2));
fwrite(STDERR, preg_replace("/a+/", "b", "aa") . PHP_EOL . getenv("HOME") . count($argv));
stream_get_contents(STDIN);
try { throw new Exception("warm up"); } catch (Exception $error) { echo $error; }
throw $error;
`;
const { stderr, stdin, stdout } = Deno;
const [parts, waits] = Deno.args;

/** The class by which programs connect. There is no network. */
class NoSocket {
  constructor(url) {
    reportDenial("net", /^ws:\/\/([^/]*)/.exec(url)[1]); // A URL would leave out port 80.
    throw new Error("There is no network");
  }
}

const bytes = Deno.readFileSync(`${parts}/php.wasm`);
const module = new WebAssembly.Module(bytes);
bytes.buffer.transfer(0); // The module has a copy: a process that waits would hold the bytes twice.
const script = Deno.readTextFileSync(`${parts}/php.js`);
if (waits !== undefined) await warmUp();
const php = await boot({
  ...{ connect: NoSocket, module, script },
  streams: { read: (bytes) => stdin.readSync(bytes), stdout: writerTo(stdout), stderr: writerTo(stderr) },
});

const { args, directories, directory, env, file } = waitForOrders();
mountHostFiles({ errorNumbers: php.ERRNO_CODES, module: php }, directories);
php.FS.chdir(directory);
try {
  end(await run(php, { words: [...COMMAND, file, ...args], variables: env }));
} catch (error) {
  fail(`${error?.name}: ${error?.message}`, ABORTED);
}

/** Runs a program in an interpreter of its own. An interpreter runs no second one. */
async function warmUp() {
  const nothing = () => {};
  const own = await boot({
    ...{ connect: NoSocket, module, script },
    streams: { read: () => null, stdout: nothing, stderr: nothing },
  });
  own.FS.writeFile("/tmp/warm_up.php", WARM_UP);
  await run(own, { words: [...COMMAND, "/tmp/warm_up.php", "word"], variables: { HOME: "/" } });
}

/** Writes to a stream of the process. Bytes that nothing reads any more are dropped. */
function writerTo(stream) {
  return (bytes) => {
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(stream.writeSync(rest));
    } catch {
      // Its reader is gone.
    }
  };
}
