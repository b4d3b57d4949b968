/**
 * The process of one Prolog program. Its interpreter is there before the program is known, and finds the workspace, a
 * directory for temporary files, and nothing else of the host.
 */
import { ABORTED, endBy, fail, waitForOrders } from "../begin.js";
import { mountHostFiles } from "../host_files.js";
import { ERROR_NUMBERS } from "./error_numbers.js";
import start from "./start.pl" with { type: "text" };

const START = "/codebeaker.pl";
const { stderr, stdin, stdout } = Deno;
const [parts] = Deno.args;

const module = await open();
const { FS } = module;
run(`consult('${START}')`);
FS.unlink(START);

const { args, directories, directory, env, file } = waitForOrders();
mountHostFiles({ errorNumbers: ERROR_NUMBERS, module: { FS, PATH: { join2: joinPath } } }, directories);
const variables = Object.entries(env).map(([name, value]) => `${quote(name)}-${quote(value)}`);
try {
  run(`codebeaker:run(${quote(file)},${quote(directory)},[${args.map(quote)}],[${variables}])`);
  fail("The interpreter stopped", ABORTED);
} catch (error) {
  endBy(error);
}

/** Starts the interpreter. Its library is a file of the parts. */
async function open() {
  delete globalThis.process; // Else it would take Deno for Node.
  const create = (0, eval)(`${Deno.readTextFileSync(`${parts}/swipl-web.js`)}\nSWIPL`);
  return await create({
    arguments: ["-q", "-f", "none", "--no-packs"],
    locateFile: (name) => `${parts}/${name}`,
    getPreloadedPackage: () => Deno.readFileSync(`${parts}/swipl-web.data`).buffer,
    instantiateWasm(imports, done) {
      const compiled = new WebAssembly.Module(Deno.readFileSync(`${parts}/swipl-web.wasm`));
      return done(new WebAssembly.Instance(compiled, imports), compiled);
    },
    preRun: [(opened) => {
      openStreams(opened);
      opened.FS.writeFile(START, start);
    }],
  });
}

/** Connects the three streams. They are no terminals. */
function openStreams({ FS }) {
  FS.init(() => null, () => {}, () => {});
  const read = (_stream, { buffer, byteOffset }, offset, length) =>
    stdin.readSync(new Uint8Array(buffer, byteOffset + offset, length)) ?? 0;
  const write = (host) => (_stream, { buffer, byteOffset }, offset, length) =>
    host.writeSync(new Uint8Array(buffer, byteOffset + offset, length));
  for (const [fd, operations] of [{ read }, { write: write(stdout) }, { write: write(stderr) }].entries()) {
    const stream = FS.streams[fd];
    stream.stream_ops = { ...stream.stream_ops, fsync: () => 0, ...operations };
    stream.tty = undefined;
  }
}

function run(goal) {
  const { error, message, success } = module.prolog.query(goal).once();
  if (error || !success) fail(message ?? `${goal} failed`, ABORTED);
}

/** An atom as Prolog reads it. */
function quote(text) {
  const escaped = text.replace(/[\\'\p{Cc}]/gu, (character) => `\\x${character.codePointAt(0).toString(16)}\\`);
  return `'${escaped}'`;
}

function joinPath(directory, name) {
  return `${directory}/${name}`.replace(/\/{2,}/g, "/");
}
