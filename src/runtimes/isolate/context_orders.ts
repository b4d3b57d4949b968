import type { WorkspaceFiles } from "../port.ts";
import { readImports } from "./program_files.ts";
import type { Slot } from "./slot.ts";
import type { CellFrame } from "./slot_program.ts";

/**
 * Makes a stream that takes a context's orders to its slot. Each order is a line of JSON, and gets the files that its
 * cell may import.
 */
export function ordersTo(slot: Slot, files: Pick<WorkspaceFiles, "read">): WritableStream<Uint8Array> {
  const decoder = new TextDecoder();
  let text = "";
  return new WritableStream({
    async write(bytes) {
      const added = decoder.decode(bytes, { stream: true });
      text += added;
      if (!added.includes("\n")) return;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const frame: CellFrame = { text: `${line}\n`, files: await filesOf(line, files) };
        slot.send(frame);
      }
    },
  });
}

/**
 * Reads the files that the cell of an order may import. A file that cannot be read fails in the cell that imports it.
 */
async function filesOf(line: string, files: Pick<WorkspaceFiles, "read">): Promise<CellFrame["files"]> {
  const { cell } = JSON.parse(line);
  return typeof cell?.code === "string" ? await readImports(files, cell.code).catch(() => ({})) : {};
}
