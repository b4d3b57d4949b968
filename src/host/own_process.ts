/**
 * The variables that this very process was started with, as NAME=value, but for those with these names. None without a
 * `/proc`.
 */
export function ownVariables({ except }: { readonly except: readonly string[] }): string[] {
  return readWords("/proc/self/environ").filter((variable) => {
    const end = variable.indexOf("=");
    return end >= 0 && !except.includes(variable.slice(0, end));
  });
}

/** The command line of this very process, word by word. None without a `/proc`. */
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
