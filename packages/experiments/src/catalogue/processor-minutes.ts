/**
 * Processor time of each experiment in minutes, measured for 3 draws of all kinds of router at 10 clients, over 11,954 queries, 14 models and 384
 * dimensions (MMLU-Pro); `privacy` with `--plain`. Trials run one per processor, so wall time is this over their number, at best.
 */
export const PROCESSOR_MINUTES: Readonly<Record<string, number>> = {
  main: 9,
  'equal-tuning': 18,
  scale: 52,
  'add-models': 3,
  'add-clients': 2,
  'extreme-heterogeneity': 7,
  privacy: 24,
  mf: 18,
  'off-policy': 6,
};
