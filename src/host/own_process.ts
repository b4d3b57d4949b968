/**
 * The variables that this process was started with, as NAME=value. Variables with the given names are left out. None
 * without a `/proc`.
 */
export function ownVariables({ except }: { readonly except: readonly string[] }): string[] {
  return readWords("/proc/self/environ").filter((variable) => {
    const end = variable.indexOf("=");
    return end >= 0 && !except.includes(variable.slice(0, end));
  });
}

/** The command line of this process, word by word. None without a `/proc`. */
export function ownCommandLine(): string[] {
  return readWords("/proc/self/cmdline");
}

function readWords(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\0");
  } catch {
    return []; // There is no /proc here.
  }
}
