import type nodeProcess from "node:process";

interface Modules {
  readonly "node:child_process": typeof import("node:child_process");
  readonly "node:fs": typeof import("node:fs");
  readonly "node:net": typeof import("node:net");
  readonly "node:os": typeof import("node:os");
}

/** The process of a program, with what its types do not have. */
export type Process = typeof nodeProcess & { getBuiltinModule<N extends keyof Modules>(name: N): Modules[N] };

/**
 * What attacks call of the `Deno` namespace, by the modules that every runtime of JavaScript has. Its text runs in their
 * programs, so that it refers to nothing outside itself.
 */
export function denoByNode(process: Process) {
  const fs = process.getBuiltinModule("node:fs");
  const { chown, mkdtemp, readFile, writeFile } = fs.promises;
  const { networkInterfaces, release } = process.getBuiltinModule("node:os");
  const { spawn, spawnSync } = process.getBuiltinModule("node:child_process");
  const net = process.getBuiltinModule("node:net");

  const fileOf = (fd: number) => {
    let position: number | null = null;
    return {
      get readable() {
        return fs.createReadStream("", { fd, autoClose: false });
      },
      seekSync: (to: number) => position = to,
      truncateSync: (length: number) => fs.ftruncateSync(fd, length),
      writeSync: (bytes: Uint8Array) => fs.writeSync(fd, bytes, 0, bytes.length, position),
      write: (bytes: Uint8Array) => new Promise((done) => fs.write(fd, bytes, (error, count) => done(error ?? count))),
      close: () => fs.closeSync(fd),
    };
  };
  interface OpenOptions {
    readonly append?: boolean;
    readonly create?: boolean;
    readonly read?: boolean;
    readonly write?: boolean;
  }
  const openSync = (path: string, { append = false, create = false, write = false }: OpenOptions = {}) => {
    const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR } = fs.constants;
    return fileOf(
      fs.openSync(path, (write || append ? O_RDWR : O_RDONLY) | (create ? O_CREAT : 0) | (append ? O_APPEND : 0)),
    );
  };
  interface ConnectOptions {
    readonly hostname?: string;
    readonly path?: string;
    readonly port?: number;
  }
  const connect = ({ hostname, path, port = 0 }: ConnectOptions) =>
    new Promise((resolve, reject) => {
      const socket = path === undefined ? net.connect(port, hostname) : net.connect(path);
      socket.on("connect", resolve).on("error", reject);
    });
  interface TemporaryOptions {
    readonly dir?: string;
    readonly prefix?: string;
  }
  const temporaryPath = ({ dir = process.env["TMPDIR"] ?? "/tmp", prefix = "" }: TemporaryOptions = {}) =>
    `${dir}/${prefix}`;
  const makeTempFileSync = (options?: TemporaryOptions) => {
    const path = temporaryPath(options) + Math.random();
    fs.writeFileSync(path, "", { flag: "wx" });
    return path;
  };
  interface CommandOptions {
    readonly args?: string[];
    readonly stdin?: "null" | "inherit";
    readonly stdout?: "null" | "inherit";
    readonly stderr?: "null" | "inherit";
  }
  class Command {
    readonly #command: string;
    readonly #options: CommandOptions;

    constructor(command: string, options: CommandOptions = {}) {
      this.#command = command;
      this.#options = options;
    }

    outputSync() {
      return spawnSync(this.#command, this.#options.args ?? [], { stdio: this.#streams("pipe") });
    }

    output() {
      return Promise.resolve(this.outputSync());
    }

    spawn() {
      const child = spawn(this.#command, this.#options.args ?? [], { stdio: this.#streams("inherit") });
      const status = new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
      return { status, pid: child.pid };
    }

    #streams(otherwise: "pipe" | "inherit") {
      const { stdin = "null", stdout = otherwise, stderr = otherwise } = this.#options;
      return [stdin, stdout, stderr].map((stream) => stream === "null" ? "ignore" : stream);
    }
  }
  return {
    Command,
    addSignalListener: (name: string, act: () => void) => process.on(name, act),
    args: process.argv.slice(2),
    chdir: process.chdir,
    chmod: fs.promises.chmod,
    chmodSync: fs.chmodSync,
    chown,
    connect,
    copyFile: fs.promises.copyFile,
    copyFileSync: fs.copyFileSync,
    cwd: process.cwd,
    env: { get: (name: string) => process.env[name], toObject: () => process.env },
    execPath: () => process.execPath,
    exit: process.exit,
    kill: process.kill,
    link: fs.promises.link,
    linkSync: fs.linkSync,
    lstatSync: fs.lstatSync,
    makeTempDir: (options?: TemporaryOptions) => mkdtemp(temporaryPath(options)),
    makeTempFile: (options?: TemporaryOptions) => Promise.resolve(makeTempFileSync(options)),
    makeTempFileSync,
    mkdir: fs.promises.mkdir,
    mkdirSync: fs.mkdirSync,
    networkInterfaces,
    open: (path: string, options?: OpenOptions) => Promise.resolve(openSync(path, options)),
    openSync,
    osRelease: release,
    ppid: process.ppid,
    readDir: (path: string) => fs.readdirSync(path, { withFileTypes: true }),
    readDirSync: (path: string) => fs.readdirSync(path, { withFileTypes: true }),
    readFileSync: fs.readFileSync,
    readTextFile: (path: string | URL) => readFile(path, "utf8"),
    readTextFileSync: (path: string | URL) => fs.readFileSync(path, "utf8"),
    realPathSync: fs.realpathSync,
    remove: (path: string) => fs.promises.rm(path, { recursive: true }),
    removeSync: (path: string) => fs.rmSync(path),
    rename: fs.promises.rename,
    renameSync: fs.renameSync,
    statSync: fs.statSync,
    stderr: fileOf(2),
    stdin: fileOf(0),
    stdout: fileOf(1),
    symlink: fs.promises.symlink,
    symlinkSync: fs.symlinkSync,
    truncate: fs.promises.truncate,
    umask: process.umask,
    utime: fs.promises.utimes,
    writeFileSync: (path: string, bytes: Uint8Array, { append = false } = {}) =>
      fs.writeFileSync(path, bytes, { flag: append ? "a" : "w" }),
    writeTextFile: (path: string, text: string) => writeFile(path, text),
    writeTextFileSync: (path: string, text: string) => fs.writeFileSync(path, text),
  };
}
