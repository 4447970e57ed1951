import type { LoggedModel } from '@tributary/client';

/** A model that does not exist: what it can do is declared here, its prices are of the order of 2025's price lists. */
export interface SyntheticModel extends LoggedModel {
  readonly usdPerMillionInputTokens: number;
  readonly usdPerMillionOutputTokens: number;
  /** Its answers' length as a multiple of the task's typical length. */
  readonly verbosity: number;
  /** Ability on tasks that `abilities` does not name, on the scale of the prompts' difficulty: at equal values it succeeds half the time. */
  readonly ability: number;
  /** Ability by name of the task. */
  readonly abilities: Readonly<Record<string, number>>;
}

/** A cheap and a dear generalist, and four specialists that beat both at what they are for and at little else. */
export const SYNTHETIC_MODELS: readonly SyntheticModel[] = [
  {
    name: 'synthetic-small',
    kind: 'generalist',
    usdPerMillionInputTokens: 0.05,
    usdPerMillionOutputTokens: 0.2,
    verbosity: 0.8,
    ability: 0.32,
    abilities: { trivia: 0.4, summarisation: 0.48, stories: 0.42 },
  },
  {
    name: 'synthetic-code',
    kind: 'specialist',
    usdPerMillionInputTokens: 0.2,
    usdPerMillionOutputTokens: 0.8,
    verbosity: 0.9,
    ability: 0.18,
    abilities: { code: 0.92, tables: 0.7, arithmetic: 0.42 },
  },
  {
    name: 'synthetic-math',
    kind: 'specialist',
    usdPerMillionInputTokens: 0.15,
    usdPerMillionOutputTokens: 0.6,
    verbosity: 1.6,
    ability: 0.16,
    abilities: { arithmetic: 0.94, tables: 0.84, code: 0.38 },
  },
  {
    name: 'synthetic-polyglot',
    kind: 'specialist',
    usdPerMillionInputTokens: 0.15,
    usdPerMillionOutputTokens: 0.5,
    verbosity: 0.9,
    ability: 0.22,
    abilities: { translation: 0.93, summarisation: 0.68, stories: 0.64 },
  },
  {
    name: 'synthetic-counsel',
    kind: 'specialist',
    usdPerMillionInputTokens: 0.4,
    usdPerMillionOutputTokens: 1.4,
    verbosity: 1.1,
    ability: 0.2,
    abilities: { law: 0.92, medicine: 0.88, summarisation: 0.55 },
  },
  {
    name: 'synthetic-large',
    kind: 'generalist',
    usdPerMillionInputTokens: 3,
    usdPerMillionOutputTokens: 12,
    verbosity: 1.1,
    ability: 0.64,
    abilities: { trivia: 0.95, stories: 0.8 },
  },
];
