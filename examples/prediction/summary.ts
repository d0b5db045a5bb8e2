/**
 * What came out, as one JSON object and as a table for people.
 */
import { join } from 'node:path'
import type { TaskView } from '../../src/index.ts'
import type { Crew } from './crew.ts'
import type { Evaluation } from './evaluate.ts'
import { readJson } from './files.ts'
import { plain, seconds } from './show.ts'

export interface Summary {
  readonly tasks: readonly {
    readonly id: string
    readonly description: string
    readonly status: string
    readonly epoch: number
    readonly members: TaskView['members']
  }[]
  readonly model: { readonly rowsTrain: number; readonly rowsTest: number; readonly auc: number }
  readonly files: Readonly<Record<'directory' | 'split' | 'model' | 'report' | 'picture', string>>
  readonly elapsedMs: number
  readonly checkpointUsed?: boolean
  readonly killed?: string
}

export function summaryOf(
  tasks: readonly TaskView[],
  directory: string,
  crew: Crew,
  chaos: boolean,
  elapsedMs: number,
): Summary {
  const { rowsTrain, rowsTest, auc } = readJson(join(directory, 'evaluation.json')) as Evaluation
  return {
    tasks: tasks.map(({ id, description, status, epoch, members }) => ({
      id,
      description,
      status,
      epoch,
      members,
    })),
    model: { rowsTrain, rowsTest, auc },
    files: {
      directory,
      split: join(directory, 'clean.csv'),
      model: join(directory, 'model.json'),
      report: join(directory, 'report.md'),
      picture: join(directory, 'report.svg'),
    },
    elapsedMs,
    ...(chaos ? { checkpointUsed: crew.checkpointUsed } : {}),
    ...(chaos && crew.killed !== undefined ? { killed: crew.killed } : {}),
  }
}

export function tableOf({ tasks, model, files, elapsedMs, checkpointUsed, killed }: Summary): string {
  const rows = [
    ['task', 'status', 'epoch', 'members'],
    ...tasks.map(({ id, status, epoch, members }) => [
      id,
      status,
      String(epoch),
      Object.entries(members)
        .map(([skill, agents]) => `${skill}: ${agents.join(', ')}`)
        .join('; '),
    ]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const chaos =
    killed === undefined
      ? []
      : [`${killed} was killed; its work ${checkpointUsed ? 'went on from its checkpoint' : 'began again'}.`]
  return [
    '',
    ...lines,
    '',
    ...chaos,
    `area under the ROC curve ${model.auc.toFixed(3)} on ${model.rowsTest} rows never trained on ` +
      `(trained on ${model.rowsTrain}), in ${seconds(elapsedMs)}`,
    `report   ${plain(files.report)}`,
    `picture  ${plain(files.picture)}`,
    `predict  node examples/prediction/predict.ts ${plain(files.model)} ROWS.csv`,
    '',
  ].join('\n')
}
