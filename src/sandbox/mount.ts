/** What a program sees of this machine's file system. */
export interface Mount {
  readonly source: string;
  /** Where it sees it; only a file system of its own makes that another place. */
  readonly target: string;
  readonly access: "read" | "execute" | "write";
}
