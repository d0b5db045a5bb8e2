/**
 * What is needed, as announcements: no word about who does it. The ids and the content are the same on every start, so
 * announcing again is asking after the same tasks.
 */
import type { AnnounceSpec } from '../../src/index.ts'
import type { Choice } from './clean.ts'
import type { Question } from './table.ts'

/** What every member is handed. */
export interface Order extends Question, Choice {
  readonly data: string
  /** Of the bytes of the table: another table is another task. */
  readonly digest: string
  readonly directory: string
  readonly shards: number
  /** Parts of the forest of one shard; after each there is a checkpoint. */
  readonly parts: number
  readonly treesOfPart: number
}

const deadlineMs = 30 * 60_000

export function tasksFor(order: Order): AnnounceSpec[] {
  const task = (
    id: string,
    description: string,
    requires: AnnounceSpec['requires'],
    more: Pick<AnnounceSpec, 'dependsOn' | 'priority'> = {},
  ): AnnounceSpec => ({ id, description, requires, payload: order, deadlineMs, ...more })
  return [
    task('clean', 'Clean the table', [{ skill: 'data_cleaning', level: 'intermediate' }], {
      priority: 'high',
    }),
    task('features', 'Make features', [{ skill: 'feature_engineering', level: 'advanced' }], {
      dependsOn: ['clean'],
    }),
    task(
      'train',
      `Train a forest on each of ${order.shards} shards`,
      [{ skill: 'model_training', level: 'advanced', count: order.shards }],
      { dependsOn: ['features'], priority: 'high' },
    ),
    task('combine', 'Combine the forests', [{ skill: 'model_training', level: 'intermediate' }], {
      dependsOn: ['train'],
    }),
    task('evaluate', 'Judge the model on unseen rows', [{ skill: 'model_evaluation', level: 'advanced' }], {
      dependsOn: ['combine'],
    }),
    task('deploy', 'Deploy the model', [{ skill: 'model_deployment', level: 'intermediate' }], {
      dependsOn: ['evaluate'],
    }),
    task('report', 'Write the report', [{ skill: 'reporting', level: 'intermediate' }], {
      dependsOn: ['clean', 'evaluate'],
      priority: 'low',
    }),
  ]
}
