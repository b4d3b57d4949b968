// Declares the part of node:sqlite that this project uses, as Node documents it. A dependency's @types/node 18, which
// lacks the module, takes precedence over Deno's own types.

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
