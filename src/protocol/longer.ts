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

/** One list after the other; the second itself where the first is empty. */
export function joined<Item>(list: readonly Item[], more: readonly Item[]): readonly Item[] {
  if (list.length === 0) return more
  const all = new Array<Item>(list.length + more.length)
  for (let i = 0; i < list.length; i++) all[i] = list[i] as Item
  for (let i = 0; i < more.length; i++) all[list.length + i] = more[i] as Item
  return all
}
