/**
 * Seeds of small worlds that once broke a promise. They are played with every change.
 */
import type { Regression } from '../simulate/regressions.ts'

export const regressions: readonly Regression[] = [
  {
    seed: 5007891,
    found:
      'a home that had begun anew forgot a confirmation of an agent that was only coming, and lent it again',
  },
  {
    seed: 5025648,
    found:
      'two confirmations of an agent that was only coming were forgotten, and its home used it for its own task',
  },
  {
    seed: 5038404,
    found:
      'an agent was cut off and came back; that it was lost its borrower had not heard, and it was lent again',
  },
  {
    seed: 5053054,
    found: 'a confirmation was lost, the lease ended, and later confirmations came while all slots were lent',
  },
]
