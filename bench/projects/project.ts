/**
 * A project as the public data sets describe it: activities with durations, predecessors and places to fill, and the
 * workers who may fill them. Durations are in whole units of the set; what a unit is, no set says.
 */

/** `count` different workers who have the skill at this level or above, for the whole activity. */
export interface Need {
  readonly skill: string
  /** In the set's own order of levels, 0 for its lowest. */
  readonly rank: number
  readonly count: number
}

export interface Activity {
  readonly id: string
  /** 0 for what only joins others. */
  readonly duration: number
  /** One skill may be asked for at several levels. */
  readonly needs: readonly Need[]
  /** Activities that must have ended before it begins. */
  readonly after: readonly string[]
  /** Who announces it, where several share the workers. */
  readonly initiator?: string
}

/** Fills one place at a time, and nothing else meanwhile. */
export interface Worker {
  readonly id: string
  readonly skills: readonly { readonly skill: string; readonly rank: number }[]
}

export interface Project {
  readonly name: string
  /** The part of the data set that it belongs to. */
  readonly set: string
  /** Names of the set's levels, from the lowest. */
  readonly levels: readonly string[]
  readonly activities: readonly Activity[]
  readonly workers: readonly Worker[]
  /** The makespan that a schedule is measured by: published, or a proven bound, as the benchmark says. */
  readonly reference: number
}
