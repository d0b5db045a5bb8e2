/**
 * The *sometimes* properties: what must be reachable, or an exploration proves nothing.
 */
export const sights = {
  completed: 'a task completed',
  failed: 'a task was given up after its last attempt',
  expired: 'a task was not done by its deadline',
  formedAnew: 'a group was formed again after a member was lost',
  survived: 'a member stayed in the group while another was replaced',
  gaveUp: 'a search came to nothing, and was begun again later',
  busy: 'a task waited because all who can do it were busy',
  missing: 'a task waited because nobody can do it',
  rejected: 'an agent rejected an invitation and another took its place',
  silent: 'an agent did not answer in time and the search went on without it',
  staleAnswered: 'a message from an old epoch, incarnation or invitation was answered',
  cancelledAtWork: 'a task was cancelled while its group worked',
  sentBack: 'a claim was sent back, and a later one accepted',
  agentLost: 'a working agent fell silent and its part was lost',
  reborn: 'an agent came back as a new incarnation and worked again',
  borrowed: 'a group was formed with a slot of another home',
  recalled: 'a home asked a slot back, or asked after it',
  askedAbroad: 'a hub asked another how a task stands',
  resumed: 'a task that was open when the hub crashed was completed by the next hub',
} as const

export type Sight = keyof typeof sights
