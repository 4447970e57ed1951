import { formatPower, plain } from '../format.ts';

export interface Tick {
  readonly value: number;
  /** Left out on ticks that only divide the axis. */
  readonly label?: string;
}

/** Maps values of an axis to places in pixels. */
export interface Scale {
  /** The place of a value. */
  at(value: number): number;
  readonly ticks: readonly Tick[];
  /** The places of the axis's two ends, in the order of its values. */
  readonly range: readonly [from: number, to: number];
}

/**
 * A linear axis, widened to whole steps of 1, 2 or 5 times a power of ten.
 *
 * @param domain least and greatest value
 * @param steps about how many
 */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  steps = 5,
): Scale {
  const [low, high] = domain;
  const step = niceStep((high > low ? high - low : Math.max(Math.abs(high), 1e-6)) / steps);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => {
    const value = Number(((first + index) * step).toPrecision(12));
    return { value, label: plain(value) };
  });
  return { at: interpolation(first * step, last * step, range), ticks, range };
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

/**
 * A logarithmic axis; its ends are the domain's.
 *
 * @param domain least and greatest value, both above 0
 * @param labels `powers` writes 10ⁿ at decades, `plain` writes numbers, between decades too where there are few of them
 */
export function logScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  labels: 'plain' | 'powers' = 'plain',
): Scale {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const position = interpolation(low, high, range);
  return { at: (value) => position(Math.log10(value)), ticks: logTicks(low, high, labels), range };
}

function logTicks(low: number, high: number, labels: 'plain' | 'powers'): Tick[] {
  const decades = high - low;
  const labelled = labels === 'powers' || decades > 4 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 3, 5];
  const every = labels === 'powers' && decades > 6 ? 2 : 1;
  const ticks: Tick[] = [];
  for (let exponent = Math.floor(low); exponent <= high; exponent++) {
    for (let factor = 1; factor < 10; factor++) {
      const value = factor * 10 ** exponent;
      const place = exponent + Math.log10(factor);
      if (place < low - 1e-9 || place > high + 1e-9) continue;
      if (!labelled.includes(factor) || exponent % every !== 0) {
        if (labels === 'plain' || factor === 1) ticks.push({ value });
      } else {
        ticks.push({ value, label: labels === 'powers' ? formatPower(exponent) : plain(value) });
      }
    }
  }
  return ticks;
}

function interpolation(
  low: number,
  high: number,
  [from, to]: readonly [number, number],
): (value: number) => number {
  const span = high > low ? high - low : 1;
  return (value) => from + ((value - low) / span) * (to - from);
}
