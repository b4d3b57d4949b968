#!/usr/bin/env node
// Runs CodeBeaker with the Deno that npm has installed beside it.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Signals that may be sent to this process alone and are meant for the service. */
const FORWARDED = ["SIGHUP", "SIGINT", "SIGTERM"];
/** How often npx is looked for, in ms. */
const POLL_MS = 500;

const require = createRequire(import.meta.url);
const main = join(dirname(fileURLToPath(import.meta.url)), "app", "main.js");
const argv = ["run", ...require("./flags.json"), main, ...process.argv.slice(2)];
const deno = findDeno();
const isBelowNpx = process.env.npm_command === "exec";

// From Node 22.15 on this process becomes the service.
if (!isBelowNpx && typeof process.execve === "function") process.execve(deno, [deno, ...argv], process.env);
else runBelow();

/** Finds the binary. Where npm runs no scripts of packages, it is still in the package for this platform. */
function findDeno() {
  const directory = dirname(require.resolve("deno/package.json"));
  const installed = join(directory, "deno");
  return existsSync(installed) ? installed : require(join(directory, "install_api.cjs")).runInstall();
}

/** Runs the service as a child of this process. */
function runBelow() {
  const child = spawn(deno, argv, { stdio: "inherit" });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  if (isBelowNpx) endWithNpx(child);
  child.on("error", (error) => {
    process.stderr.write(`codebeaker: Cannot start Deno: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

/** Ends the service after npx has ended: npx starts this process by a shell, which hands on no signal. */
function endWithNpx(child) {
  const parent = process.ppid;
  const isShell = !isNpx(parent) && isNpx(parentOf(parent));
  const npx = isShell ? parentOf(parent) : undefined; // A shell stays where npx is killed.
  const poll = setInterval(() => {
    if (process.ppid === parent && (npx === undefined || parentOf(parent) === npx)) return;
    clearInterval(poll);
    child.kill("SIGTERM");
  }, POLL_MS);
}

/** Whether a process runs the Node that npm runs on. */
function isNpx(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === realpathSync(process.env.npm_node_execpath);
  } catch {
    return false; // There is no /proc on other systems than Linux.
  }
}

/** The parent of a process; undefined where that cannot be read. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[1]); // A name may have spaces and brackets.
  } catch {
    return undefined;
  }
}
