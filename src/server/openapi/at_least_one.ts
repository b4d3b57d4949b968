/**
 * Types a list as one that is not empty.
 *
 * @throws {Error} for an empty list
 */
export function atLeastOne<Item>([first, ...others]: readonly Item[]): [Item, ...Item[]] {
  if (first === undefined) throw new Error("The list is empty");
  return [first, ...others];
}
