/**
 * Classic bugs of distributed systems, each as a change of one place of the source. They are the measure of the
 * simulator: what it does not catch, it does not watch.
 * Must never happen here: a change that no longer fits the source; whoever plays them stops at the first that does not.
 */

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const durability: readonly Mutant[] = [
  {
    name: 'effects before facts',
    file: 'src/host/node.ts',
    find: 'this.#held.push(decision)',
    replace: 'this.#perform(decision)\n      this.#held.push({ ...decision, effects: [] })',
  },
  {
    name: 'acknowledged before durable',
    file: 'src/host/hub-host.ts',
    find: 'this.#position = await journal.append(facts)',
    replace: 'this.#position += facts.length\n    journal.append(facts).catch(() => {})',
  },
  {
    name: 'ended announcement forgotten',
    file: 'src/hub/intake.ts',
    find: 'const known = hub.tasks.get(id)?.announcement ?? hub.ended.get(id)?.announcement',
    replace: 'const known = hub.tasks.get(id)?.announcement',
  },
  {
    name: 'late copy of an announcement taken for new',
    file: 'src/hub/intake.ts',
    find: 'if (known?.incarnation === incarnation && fresh.serial <= known.serial) return false',
    replace: '',
  },
  {
    name: 'terminal state overwritten',
    file: 'src/hub/applying.ts',
    find: '  hub.tasks.delete(id)\n',
    replace: '  task.ending = false\n',
  },
  {
    name: 'epochs count from the last start',
    file: 'src/hub/applying.ts',
    find: '  task.epoch = fact.epoch\n',
    replace: '  task.epoch = task.group?.epoch ?? fact.epoch\n',
  },
]

const fencing: readonly Mutant[] = [
  {
    name: 'epoch ignored',
    file: 'src/hub/running.ts',
    find: 'if (epoch !== task.epoch) {',
    replace: 'if (epoch > task.epoch) {',
  },
  {
    name: 'incarnation ignored',
    file: 'src/hub/running.ts',
    find: "part.state === 'lost' || part.member.incarnation !== from.incarnation",
    replace: "part.state === 'lost'",
  },
  {
    name: 'word for another believed',
    file: 'src/hub/running.ts',
    find: 'const part = partOf(task.group, from.id)',
    replace: "const part = task.group?.parts.find(({ state }) => state === 'working')",
  },
  {
    name: 'claim before the start',
    file: 'src/hub/running.ts',
    find: "if (!task.group?.started && message.kind !== 'TASK_FAILED') {",
    replace: 'if (task.group === undefined) {',
  },
  {
    name: 'started without its initiator',
    file: 'src/hub/applying.ts',
    find: "task.announcement.startBy === 'hub' || task.facts.some(({ kind }) => kind === 'task.started')",
    replace: 'true',
  },
  {
    name: 'old group and old start heard again',
    file: 'src/agent/joining.ts',
    find: '  if (epoch <= (recall(agent.closed, task) ?? 0)) return false\n',
    replace: '',
  },
  {
    name: 'duplicate start runs twice',
    file: 'src/agent/working.ts',
    find: 'if (isSamePart(known, skills) && known.feedback === feedback) {',
    replace: 'if (known.feedback !== feedback) {',
  },
  {
    name: 'late accept counted',
    file: 'src/hub/forming.ts',
    find: 'invitation?.id !== message.invite',
    replace: 'invitation === undefined',
  },
]

const capacity: readonly Mutant[] = [
  {
    name: 'capacity not reserved',
    file: 'src/hub/roster.ts',
    find: 'return entry.capacity - entry.held - entry.running',
    replace: 'return entry.capacity - entry.running',
  },
  {
    name: 'agent over capacity',
    file: 'src/strategy/bid.ts',
    find: 'if (busy < capacity) return undefined',
    replace: 'if (busy < capacity + 1) return undefined',
  },
  {
    name: 'stopped work takes no slot',
    file: 'src/agent/working.ts',
    find: '  agent.stopping.add(work.run)\n',
    replace: '',
  },
  {
    name: 'hold without expiry',
    file: 'src/agent/joining.ts',
    find: '(hold) => hold.until > agent.now',
    replace: '(hold) => hold.until >= 0',
  },
  {
    name: 'hold not given back',
    file: 'src/hub/forming.ts',
    find: '    shiftSlots(hub, invitation.asked.entry, -1, 0)\n    release(',
    replace: '    release(',
  },
  {
    name: 'who has done its part asked in place of others',
    file: 'src/hub/asking.ts',
    find: '    if (wanted !== undefined && hasDone(task, entry.id, wanted)) return true\n',
    replace: '',
  },
  {
    name: 'invitations told apart by task',
    file: 'src/agent/joining.ts',
    find: 'if (holdFor(agent, invite) !== undefined) {',
    replace:
      'if (recall(agent.closed, task) !== undefined) return\n  if (holdFor(agent, invite) !== undefined) {',
  },
  {
    name: 'agents kept for a task that has ended',
    file: 'src/hub/keeping.ts',
    find: "  if (isWhole && standstill(hub, task)?.kind !== 'missing' && canStillDo(hub, task, claim.agents)) return\n",
    replace: '  if (claim !== undefined) return\n',
  },
]

const order: readonly Mutant[] = [
  {
    name: 'the younger served first',
    file: 'src/strategy/age.ts',
    find: 'return a.key !== b.key ? a.key < b.key : a.arrival < b.arrival',
    replace: 'return a.arrival > b.arrival',
  },
  {
    name: 'ageing reset by restart',
    file: 'src/hub/intake.ts',
    find: 'export function resume(hub: HubState): void {\n  for (const task of [...hub.tasks.values()]) {\n',
    replace: [
      'export function resume(hub: HubState): void {',
      '  for (const task of [...hub.tasks.values()].reverse()) {',
      '    ;(task as { key: number }).key = hub.now',
      '    ;(task as { arrival: number }).arrival = hub.arrivals++',
      '',
    ].join('\n'),
  },
  {
    name: 'dependency ignored',
    file: 'src/hub/applying.ts',
    find: "hub.ended.get(dependency)?.outcome.status !== 'completed'",
    replace: 'dependency === id',
  },
  {
    name: 'deadline ignored',
    file: 'src/hub/hub.ts',
    find: 'earliest(earliest(task.deadlineAt, task.restUntil), startBy(task))',
    replace: 'earliest(task.restUntil, startBy(task))',
  },
  {
    name: 'failed dependency not passed on',
    file: 'src/hub/ending.ts',
    find: "  if (status !== 'completed') {\n    const reason = `it depends on",
    replace: "  if (status === 'failed') {\n    const reason = `it depends on",
  },
  {
    name: 'cancel not passed on to sub-tasks',
    file: 'src/hub/ending.ts',
    find: 'if (task.children !== undefined) for',
    replace: "if (task.children !== undefined && status !== 'cancelled') for",
  },
  {
    name: 'verifier skipped',
    file: 'src/hub/ending.ts',
    find: "    case 'initiator':\n      putToInitiator(hub, task)\n",
    replace: "    case 'initiator':\n      complete(hub, task)\n",
  },
  {
    name: 'standing counted twice',
    file: 'src/hub/ending.ts',
    find: '  learn(hub, task, seen)\n',
    replace: '  learn(hub, task, seen)\n  learn(hub, task, seen)\n',
  },
]

const recovery: readonly Mutant[] = [
  {
    name: 'checkpoint dropped on re-formation',
    file: 'src/hub/applying.ts',
    find: 'const follows = heirs?.get(member.agent) ?? nobody',
    replace: 'const follows = nobody',
  },
  {
    name: 'results lost on re-formation',
    file: 'src/hub/applying.ts',
    find: '  task.epoch = fact.epoch\n',
    replace: '  task.epoch = fact.epoch\n  task.results = []\n',
  },
  {
    name: 'feedback of the verifier lost',
    file: 'src/hub/applying.ts',
    find: '      task.feedback = fact.reason\n',
    replace: '',
  },
  {
    name: 'retries uncapped',
    file: 'src/hub/recovering.ts',
    find: 'if (counts && task.attempts >= task.announcement.maxAttempts) {',
    replace: 'if (counts && task.attempts < 0) {',
  },
  {
    name: 'silent member never replaced',
    file: 'src/hub/hub.ts',
    find: 'if (silentMs < task.announcement.workSilenceMs) continue',
    replace: 'if (silentMs >= 0) continue',
  },
  {
    name: 'dead agent never noticed',
    file: 'src/hub/hub.ts',
    find: 'if (hub.now < deadAt) hub.agentDeadlines.set(entry, deadAt)',
    replace: 'if (hub.now >= 0) hub.agentDeadlines.set(entry, deadAt + 86_400_000)',
  },
  {
    name: 'heartbeat never mends',
    file: 'src/hub/recovering.ts',
    find: "      send(hub, entry.address, { kind: 'GROUP_DISSOLVED', task: id, epoch, reason })\n",
    replace: '      void reason\n',
  },
  {
    name: 'who has left counts as present',
    file: 'src/agent/offering.ts',
    find: "  say(agent, { kind: 'AGENT_LEAVE', reason: 'it takes part no longer' })\n",
    replace: '  void agent\n',
  },
  {
    name: 'time stands still after a restart',
    file: 'src/host/hub-host.ts',
    find: 'host.#aheadMs = Math.max(0, latest - ports.clock.now())',
    replace: 'host.#aheadMs = Math.min(0, latest)',
  },
]

/** Between hubs that lend each other slots and depend on each other's tasks. */
const hubs: readonly Mutant[] = [
  {
    name: 'home grants a slot that is at work',
    file: 'src/hub/roster.ts',
    find: 'return entry.capacity - entry.held - entry.running',
    replace: 'return entry.capacity - entry.held - (entry.loans === undefined ? entry.running : 0)',
  },
  {
    name: 'confirmation of a granted slot forgotten',
    file: 'src/hub/lending.ts',
    find: '    if (loan !== undefined) confirm(hub, loan, message.epoch)\n',
    replace: '',
  },
  {
    name: 'owed slot given to others',
    file: 'src/hub/owed.ts',
    find: 'const [use] = isOver ? [] : known.uses',
    replace: 'const [use] = isOver ? known.uses : []',
  },
  {
    name: 'slot not given back when it is asked for',
    file: 'src/hub/granted.ts',
    find: 'if (task === undefined || guest?.lender === undefined || !isSame) unused.push(grant)',
    replace: 'if (task === undefined || guest?.lender === undefined || !isSame) continue',
  },
  {
    name: 'report of another hub counted twice',
    file: 'src/hub/reports.ts',
    find: 'if (serial === counted + 1) {',
    replace: 'if (serial <= counted + 1) {',
  },
  {
    name: 'report that was lost not said again',
    file: 'src/hub/reports.ts',
    find: '    for (const [serial, { outcomes }] of open) send(hub, home, serial, outcomes)\n',
    replace: '',
  },
  {
    name: 'dependency of another hub not asked after again',
    file: 'src/hub/abroad.ts',
    find: "  tellHome(hub, id, { kind: 'TASK_ASK', task: id, round: hub.rounds })\n",
    replace: '',
  },
  {
    name: 'end of a dependency of another hub kept in memory alone',
    file: 'src/hub/abroad.ts',
    find: '  record(hub, { ...fact, results: handed })\n',
    replace: [
      '  task.blockedOn = task.blockedOn.filter((id) => id !== dependency)',
      '  task.facts.push({ ...fact, results: handed })',
      '',
    ].join('\n'),
  },
]

export const mutants: readonly Mutant[] = [
  ...durability,
  ...fencing,
  ...capacity,
  ...order,
  ...recovery,
  ...hubs,
]
