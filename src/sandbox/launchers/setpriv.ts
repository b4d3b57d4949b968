/** Options by which the child dies with its parent, and gains no privilege by exec. */
export const SETPRIV_OPTIONS = ["--pdeathsig", "KILL", "--no-new-privs"];

/** setpriv's options that make a child run as a user. */
export function userOptions(uid: number | undefined): string[] {
  return uid === undefined ? [] : ["--reuid", String(uid), "--regid", String(uid), "--clear-groups"];
}
