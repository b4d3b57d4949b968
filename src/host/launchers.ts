/** A process and its parent. */
type Link = readonly [child: number, parent: number];

/** How often launchers are looked for, in ms. */
const POLL_MS = 500;
/** The variable by which npx marks the processes below it. */
const BELOW_NPX = "npm_command=exec";

/**
 * Watches a task of Deno that started this process, and npx around it. None of them hands on every signal, and a killed
 * one hands on none. A service that anything else started has no launchers, and is not watched.
 *
 * @param onEnd called once, when a launcher has ended
 */
export function watchLaunchers(onEnd: () => void): Disposable {
  const links = findLinks(Deno.pid);
  const poll = links.length === 0 ? undefined : setInterval(() => {
    if (links.every(([child, parent]) => parentOf(child) === parent)) return;
    clearInterval(poll);
    onEnd();
  }, POLL_MS);
  if (poll !== undefined) Deno.unrefTimer(poll);
  return { [Symbol.dispose]: () => clearInterval(poll) };
}

/** The links up to the task, or to npx. The parent of that one may end: nohup and a closed shell leave it running. */
function findLinks(pid: number): Link[] {
  const links: Link[] = [];
  let child = pid;
  for (let parent = parentOf(child); parent !== undefined && parent > 1; parent = parentOf(child)) {
    if (child === pid ? !isTask(parent) : !wordsOf(child, "environ").includes(BELOW_NPX)) break;
    links.push([child, parent]);
    child = parent;
  }
  return links;
}

function isTask(pid: number): boolean {
  const [command = "", subcommand] = wordsOf(pid, "cmdline").filter((word) => !word.startsWith("-"));
  return /(^|\/)deno$/.test(command) && subcommand === "task";
}

/** The parent of a process; undefined where that cannot be read. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[1]); // A name may have spaces and brackets.
  } catch {
    return undefined; // The process has ended, or there is no /proc.
  }
}

function wordsOf(pid: number, file: "cmdline" | "environ"): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`).split("\0");
  } catch {
    return []; // The process has ended, or is another user's.
  }
}
