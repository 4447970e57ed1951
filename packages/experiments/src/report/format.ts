/** Three decimals: qualities and areas. */
export function formatQuality(value: number): string {
  return value.toFixed(3);
}

/** A difference of qualities with its sign. */
export function formatDifference(value: number): string {
  const digits = Math.abs(value).toFixed(3);
  if (Number(digits) === 0) return `±${digits}`;
  return `${value < 0 ? '−' : '+'}${digits}`;
}

/** A cost in USD per query as USD per 1,000 queries, to three significant digits. */
export function formatCost(usdPerQuery: number): string {
  return `$${plain(Number((usdPerQuery * 1000).toPrecision(3)))}`;
}

/** A number of an axis in as few digits as it needs, without an exponent between 1e-6 and 1e9. */
export function plain(value: number): string {
  const digits = Number(value.toPrecision(6));
  return Math.abs(digits) >= 1e-6 || digits === 0
    ? digits.toLocaleString('en-GB', { maximumFractionDigits: 8 })
    : digits.toExponential();
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toPrecision(3)} kB`;
  return `${(bytes / 1e6).toPrecision(3)} MB`;
}

export function formatCount(value: number): string {
  return value.toLocaleString('en-GB');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A power of ten: 10⁻². */
export function formatPower(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPTS.charAt(Number(digit)));
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}
