/**
 * The agents of the demo: who they are and what they claim to be able to do. Which of them does what is not decided
 * here; it is negotiated.
 */
import type { AgentDefinition } from '../../src/index.ts'
import { perform, type Surroundings } from './work.ts'

type Skills = AgentDefinition['skills']

const roster: Readonly<Record<string, Skills>> = {
  iris: [{ name: 'data_cleaning', level: 'expert' }],
  ben: [
    { name: 'data_cleaning', level: 'intermediate' },
    { name: 'reporting', level: 'novice' },
  ],
  cleo: [
    { name: 'feature_engineering', level: 'expert' },
    { name: 'data_cleaning', level: 'novice' },
  ],
  dara: [{ name: 'feature_engineering', level: 'advanced' }],
  ada: [{ name: 'model_training', level: 'expert' }],
  tom: [{ name: 'model_training', level: 'advanced' }],
  mia: [{ name: 'model_training', level: 'advanced' }],
  leo: [
    { name: 'model_training', level: 'advanced' },
    { name: 'feature_engineering', level: 'novice' },
  ],
  zoe: [{ name: 'model_training', level: 'novice' }],
  nina: [{ name: 'model_evaluation', level: 'expert' }],
  omar: [
    { name: 'model_evaluation', level: 'advanced' },
    { name: 'reporting', level: 'intermediate' },
  ],
  otto: [{ name: 'model_deployment', level: 'advanced' }],
  rosa: [{ name: 'reporting', level: 'expert' }],
}

export function agentsIn(surroundings: Surroundings): AgentDefinition[] {
  return Object.entries(roster).map(([id, skills]) => ({
    id,
    skills,
    maxConcurrentTasks: 1,
    perform: (assignment, work) => perform(id, assignment, work, surroundings),
  }))
}
