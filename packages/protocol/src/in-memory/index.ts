export {
  type Fate,
  type Faults,
  type Frame,
  InMemoryFederation,
  type InMemoryOptions,
  type SumOutcome,
  type SumRequest,
} from './federation.ts';
