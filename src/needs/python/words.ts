/** Whether a text may import anything, or run code that it makes. If not, its program needs only the language. */
export function mayImport(text: string): boolean {
  return /import|exec|eval|compile|__builtins__|coding/.test(text);
}
