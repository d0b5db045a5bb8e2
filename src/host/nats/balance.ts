/**
 * Which process should be the hub of which partition: as even as it can be, with as few moves as it takes. Every
 * process decides it for itself from what it has heard, and comes to the same as the others as far as they heard the
 * same; where they did not, the log decides.
 * Must never happen here: an answer that depends on anything but what is handed in.
 */

/** What is known of the processes that may be hubs. Each is called by its name. */
export interface Balance {
  /** Who lives, this process among them. */
  readonly live: readonly string[]
  /** Who is the hub of each partition; undefined for nobody, or nobody that is heard. */
  readonly owners: readonly (string | undefined)[]
}

/** One partition is handed from one process to another. */
export interface Move {
  readonly from: string
  readonly to: string
}

/** Partitions of the busiest process and of the idlest may differ by so many without a move. */
const differenceMax = 1

/**
 * Who takes each partition: its owner, as long as that lives, and otherwise whoever has the fewest by then, so that
 * those of a process that died are shared out. Undefined for all that nobody can take.
 */
export function heirs({ live, owners }: Balance): readonly (string | undefined)[] {
  const loads = loadsOf({ live, owners })
  return owners.map((owner) => {
    if (owner !== undefined && loads.has(owner)) return owner
    const heir = leastOf(loads)
    if (heir !== undefined) loads.set(heir, (loads.get(heir) ?? 0) + 1)
    return heir
  })
}

/**
 * The next move towards an even share, the same for everybody; undefined as long as a partition has no hub, and where
 * nobody has two more than another. `settled`: those who have lived for long enough to be given something.
 */
export function nextMove(balance: Balance, settled: ReadonlySet<string>): Move | undefined {
  const loads = loadsOf(balance)
  if (balance.owners.some((owner) => owner === undefined || !loads.has(owner))) return undefined
  const to = leastOf(new Map([...loads].filter(([name]) => settled.has(name))))
  const from = mostOf(loads)
  if (to === undefined || from === undefined) return undefined
  return (loads.get(from) ?? 0) - (loads.get(to) ?? 0) > differenceMax ? { from, to } : undefined
}

/** How many partitions each has, in the order of the names. */
function loadsOf({ live, owners }: Balance): Map<string, number> {
  const loads = new Map([...live].sort().map((name) => [name, 0]))
  for (const owner of owners) {
    const load = owner === undefined ? undefined : loads.get(owner)
    if (owner !== undefined && load !== undefined) loads.set(owner, load + 1)
  }
  return loads
}

/** Of several the first by name. */
function leastOf(loads: ReadonlyMap<string, number>): string | undefined {
  let least: string | undefined
  for (const [name, load] of loads) if (least === undefined || load < (loads.get(least) ?? 0)) least = name
  return least
}

function mostOf(loads: ReadonlyMap<string, number>): string | undefined {
  let most: string | undefined
  for (const [name, load] of loads) if (most === undefined || load > (loads.get(most) ?? 0)) most = name
  return most
}
