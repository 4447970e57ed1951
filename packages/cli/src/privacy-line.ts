import type { RunManifest } from '@tributary/runtime';

/** What a run does to protect single contributions, in one line for people. */
export function privacyLine(privacy: RunManifest['privacy']): string {
  if (privacy === 'none') {
    return 'no privacy noise: sums are exact, and differences between sums may reveal an organisation';
  }
  const { unit, epsilon, delta, rounds } = privacy;
  return `every sum carries noise: at most epsilon ${epsilon} at delta ${delta} for each ${unit}, over ${rounds.length} sums`;
}
