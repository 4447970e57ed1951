import { distance } from 'fastest-levenshtein';

/**
 * The candidate that `word` was most likely meant to be, by Levenshtein distance without regard to case; the first of equals.
 * Undefined where even the nearest differs in more than a third of the letters of the longer word.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = distance(wanted, candidate.toLowerCase());
    const allowed = Math.ceil(Math.max(word.length, candidate.length) / 3);
    if (edits <= allowed && edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}
