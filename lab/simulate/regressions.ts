/**
 * Seeds that once broke a rule, or that catch the bug again when it is put back (`lab/mutants`). They are played with
 * every change.
 */

export interface Regression {
  readonly seed: number
  /** Found in a network of several hubs. The others were found before there were any, and are played with one. */
  readonly hubs?: true
  /** What it showed. */
  readonly found: string
}

export const regressions: readonly Regression[] = [
  {
    seed: 3,
    found: 'a late copy of an announcement was accepted as a second task; a late start was heard again',
  },
  { seed: 16, found: 'a node whose clock was set back said nothing until the clock had caught up' },
  { seed: 34, found: 'a member claimed its part before the initiator had let it begin' },
  { seed: 43, found: 'an agent that took part no longer was kept on the roster by its own answers' },
  { seed: 63, found: 'who took part no longer answered questions without a word of it' },
  { seed: 93, found: 'a skill was called missing that one agent had, which had done its part already' },
  { seed: 199, found: 'agents were kept for a task that lacked what was missing' },
  { seed: 218, found: 'who has done its part took the place of who could do the other' },
  { seed: 219, found: 'after a restart of the hub two late copies of announcements were accepted again' },
  { seed: 261, found: 'after a restart the time of the hub stood still until its clock had caught up' },
  { seed: 372, found: 'a promise was kept by the clock of the hub, which was an hour ahead' },
  {
    seed: 1283,
    found: 'a group that nobody started kept its members, and others were kept for who waited for them',
  },
  { seed: 102038, found: 'a plan that begins between two milliseconds woke its hub for ever' },
  { seed: 103077, found: 'the late first copy of an announcement was accepted again after the second was' },
  { seed: 108782, found: 'a task waited for its turn behind one of its project that could not be formed' },
  { seed: 110492, found: 'the price of the cheapest group left out the members that were kept' },
  {
    seed: 113116,
    found: 'an agent whose clock was ahead forgot its promises and worked on more than it can',
  },
  {
    seed: 128171,
    found:
      'a copy accepted after its refusal was not taken back: the hub died before it could say that it is accepted',
  },
  {
    seed: 130098,
    found: 'a late copy waited for a look at the journal, and its own task was forgotten meanwhile',
  },
  {
    seed: 155232,
    found: 'a snapshot kept a checkpoint of a claim that was sent back, and replayed to another state',
  },
  { seed: 168559, found: 'the late refusal of a first copy was believed after the second had been accepted' },
  {
    seed: 8,
    hubs: true,
    found: 'tasks of projects were not looked at when others gave up their reservations',
  },
  { seed: 9, hubs: true, found: 'one task that reserved in vain kept all others of its hub from reserving' },
  {
    seed: 26,
    hubs: true,
    found: 'a task for which no group has the size held slots of other homes for good, and called them busy',
  },
  { seed: 104, hubs: true, found: 'a task waited for agents that must not be in its group' },
  { seed: 318, hubs: true, found: 'a task called busy what it had been granted' },
  {
    seed: 1345,
    hubs: true,
    found: 'a task asked those of its hub again and again who said no, and nobody else',
  },
  {
    seed: 1586,
    hubs: true,
    found: 'whoever had done a part of a task could not take another one from its home',
  },
  {
    seed: 4509,
    hubs: true,
    found: 'a home granted again and again, in one turn, who could do nothing of the task any more',
  },
  {
    seed: 20001889,
    hubs: true,
    found: 'the same with who could do another part of the task, but not the one that was asked for',
  },
  {
    seed: 20002032,
    hubs: true,
    found: 'two tasks were granted, in turns without end, whom an earlier one waited for and asked back',
  },
  {
    seed: 30006511,
    hubs: true,
    found: 'two agents that seemed free and were not were granted by turns, and never those who were free',
  },
  {
    seed: 1653,
    hubs: true,
    found:
      'who took on an optional skill that the last group stood without was not handed what was saved of it',
  },
]
