// Deno's types of node:sqlite give way to those of @types/node 18, which a dependency brings along and which do not know it:
// what this project uses of it, as Node's documentation states it.

declare module "node:sqlite" {
  export type SQLInputValue = null | number | bigint | string | Uint8Array;
  export type SQLOutputValue = null | number | bigint | string | Uint8Array;

  export class DatabaseSync implements Disposable {
    constructor(path: string, options?: { readonly timeout?: number });
    readonly isOpen: boolean;
    readonly isTransaction: boolean;
    exec(sql: string): void;
    prepare(sql: string): StatementSync;
    function(name: string, call: (...args: SQLOutputValue[]) => SQLInputValue): void;
    close(): void;
    [Symbol.dispose](): void;
  }

  export class StatementSync {
    run(
      ...parameters: SQLInputValue[]
    ): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
    get(...parameters: SQLInputValue[]): Record<string, SQLOutputValue> | undefined;
    all(...parameters: SQLInputValue[]): Record<string, SQLOutputValue>[];
    columns(): { readonly name: string }[];
  }
}
