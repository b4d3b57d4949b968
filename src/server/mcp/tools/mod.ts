import type { Tool } from "./tool.ts";
import { installPackages } from "./install_packages.ts";
import { listFiles } from "./list_files.ts";
import { readFile } from "./read_file.ts";
import { runCode } from "./run_code.ts";
import { runCommand } from "./run_command.ts";
import { writeFile } from "./write_file.ts";

export { describeTool, type Tool, type ToolCall, type ToolPorts } from "./tool.ts";

/** Every tool, in the order of `tools/list`. */
export const TOOLS: readonly Tool[] = [runCode, runCommand, readFile, writeFile, listFiles, installPackages];
