export type { SumOutcome } from './coordinator-process.ts';
export type { Fate, Faults, Frame } from './faults.ts';
export { InMemoryFederation, type InMemoryOptions, type SumRequest } from './federation.ts';
