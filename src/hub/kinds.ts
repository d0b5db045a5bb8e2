/**
 * Which agents a home grants where a group is more than enough agents for each need: where members must fill several
 * places, or are more than the places. Then who is needed follows from all who are to be had, at every home. Of two
 * who can do the same of the needs one is as good as the other; so a few of each kind are as good as all.
 * Must never happen here: a kind that is left out, or all agents of one.
 */
import { rankIn } from './judging.ts'
import type { Reservation, WantedNeed } from './loans.ts'
import { freeSlots } from './roster.ts'
import type { HubState, RosterEntry } from './state.ts'

/** How many agents with a skill are looked at. */
const looksMax = 256

/** Of each kind as many as are free and may be of use: so many, or as many as are asked for one of its skills. */
export function ofEachKind(
  hub: HubState,
  { needs, loans }: Pick<Reservation, 'needs' | 'loans'>,
  most: number,
  isFree: (entry: RosterEntry) => boolean,
): RosterEntry[] {
  const taken = new Map<number, number>()
  const take = (mask: number): boolean => {
    const known = taken.get(mask) ?? 0
    if (known >= Math.max(most, ...needs.map(({ count }, i) => ((mask >>> i) & 1 ? count : 0)))) return false
    taken.set(mask, known + 1)
    return true
  }
  for (const { entry } of loans) take(kindOf(entry, needs))
  const found = new Set<RosterEntry>()
  for (const need of needs) {
    // What searches of the home are about to take is not free.
    let spare = hub.catalog.free(need.skill, need.rank) - (hub.supply.get(need.skill)?.sought ?? 0)
    let looks = looksMax
    for (const slot of hub.catalog.agentsWith(need.skill, need.rank)) {
      if (spare <= 0 || looks-- === 0) break
      const entry = hub.bySlot[slot]
      if (entry === undefined || found.has(entry) || freeSlots(entry) === 0) continue
      if (!canDo(entry, need) || !isFree(entry) || !take(kindOf(entry, needs))) continue
      found.add(entry)
      spare -= 1
    }
  }
  return [...found]
}

/** Which of the needs an agent can do, as bits. */
function kindOf(entry: RosterEntry, needs: readonly WantedNeed[]): number {
  let mask = 0
  for (const [i, need] of needs.entries()) if (canDo(entry, need)) mask |= 1 << i
  return mask
}

/** By its skills, and not having done it already. */
export function canDo(entry: RosterEntry, { skill, rank, except }: WantedNeed): boolean {
  return rankIn(entry, skill) >= rank && !except?.includes(entry.id)
}
