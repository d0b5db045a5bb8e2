/** Agents made from what is already there. The public face of `convoke/workforce`. */
export { type CommandAgentOptions, commandAgent } from './command.ts'
