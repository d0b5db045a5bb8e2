/**
 * Lists that are kept and grow now and then. One that grows by `push` has room for more than is in it, and `concat`
 * takes twenty times as long as a loop.
 */

/** The list with one more item, and with no room for another. */
export function longer<Item>(list: readonly Item[], item: Item): readonly Item[] {
  const all = new Array<Item>(list.length + 1)
  for (let i = 0; i < list.length; i++) all[i] = list[i] as Item
  all[list.length] = item
  return all
}
