/**
 * Who shares pairwise masks with whom, and who holds whose shares. On the complete graph everybody does with
 * everybody. On a Harary graph the cohort stands in a circle in drawn order, and a member's neighbours are the
 * k/2 before and the k/2 behind it (Bell et al. 2020, section 4.3). Who advertised no keys stands there too,
 * as a dropout: a coordinator that keeps members away then moves nobody else closer together.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { ProtocolError } from './errors.ts';
import type { BatchTerms } from './messages/terms.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

export interface Topology {
  /** Pairs share a mask: ascending, without the member itself. */
  readonly neighbours: (member: number) => readonly number[];
  /** Ascending; position + 1 is the holder's point on the owner's polynomials. */
  readonly holders: (owner: number) => readonly number[];
  /** The cohort in drawn order and the number of neighbours; undefined on the complete graph. */
  readonly circle: { readonly members: readonly number[]; readonly degree: number } | undefined;
}

/**
 * A survivor with fewer than `threshold` neighbours among the survivors, or undefined. On the complete graph
 * the floors see to that.
 */
export function loneMember(
  { circle: drawn }: Topology,
  threshold: number,
  survivors: readonly number[],
): number | undefined {
  if (drawn === undefined) return undefined;
  const { members: circle, degree } = drawn;
  const among = new Set(survivors);
  const n = circle.length;
  // Survivors among the first i, so that a window costs two look-ups.
  const before = new Int32Array(2 * n + 1);
  for (let i = 0; i < 2 * n; i++) {
    before[i + 1] = (before[i] as number) + (among.has(circle[i % n] as number) ? 1 : 0);
  }
  const half = degree / 2;
  return circle.find((member, at) => {
    if (!among.has(member)) return false;
    const from = (at - half + n) % n;
    const inWindow = (before[from + degree + 1] as number) - (before[from] as number);
    return inWindow - 1 < threshold;
  });
}

/** How often a circle is drawn anew where organisations stand too close together. */
const MAX_ARRANGEMENTS = 64;

/**
 * @param organisationOf the organisation of a member
 * @param draw 32 bytes of public randomness; the complete graph needs none
 * @returns undefined where the cap on organisations cannot be kept
 */
export function topologyOf(
  crypto: CryptoBackend,
  terms: Pick<BatchTerms, 'graph' | 'cohort' | 'holders' | 'organisationCap'>,
  organisationOf: (member: number) => string,
  draw: Uint8Array,
): Topology | undefined {
  const { graph, cohort, holders: degree, organisationCap } = terms;
  if (graph === 'complete') {
    const neighbours = (member: number): readonly number[] => cohort.filter((id) => id !== member);
    return { neighbours, holders: () => cohort, circle: undefined };
  }
  for (let attempt = 0; attempt < MAX_ARRANGEMENTS; attempt++) {
    const order = shuffled(crypto, cohort, draw, attempt);
    const circle = arranged(order, organisationOf, organisationCap, degree);
    if (circle !== undefined) return circleTopology(circle, degree);
  }
  return undefined;
}

function circleTopology(circle: readonly number[], degree: number): Topology {
  const position = new Map(circle.map((member, i) => [member, i]));
  const neighbours = (member: number): readonly number[] => {
    const at = position.get(member);
    if (at === undefined) throw new ProtocolError('INVARIANT', `member ${member} is not in the graph`);
    const near: number[] = [];
    for (let distance = 1; distance <= degree / 2; distance++) {
      near.push(
        circle[(at + distance) % circle.length] as number,
        circle[(at - distance + circle.length) % circle.length] as number,
      );
    }
    return near.toSorted((a, b) => a - b);
  };
  return { neighbours, holders: neighbours, circle: { members: circle, degree } };
}

/** Fisher-Yates with the keystream of the draw; without bias, because words beyond the last multiple are skipped. */
function shuffled(
  crypto: CryptoBackend,
  members: readonly number[],
  draw: Uint8Array,
  attempt: number,
): number[] {
  const label = new CanonicalWriter().text(`${DOMAIN}/graph`).bytes(draw).integer(attempt).finish();
  const keystream = crypto.keystream(crypto.sha256(label));
  const words: number[] = [];
  const nextWord = (): number => {
    if (words.length === 0) {
      const bytes = keystream.next(1024);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = bytes.length - 4; at >= 0; at -= 4) words.push(view.getUint32(at, true));
    }
    return words.pop() as number;
  };
  const below = (count: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % count);
    for (;;) {
      const word = nextWord();
      if (word < limit) return word % count;
    }
  };
  const order = [...members];
  for (let last = order.length - 1; last > 0; last--) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}

/**
 * The drawn order, changed only as far as needed for at most `cap` members of one organisation among any
 * `degree` + 1 in a row: whoever would break that is put off to the next place where it does not.
 */
function arranged(
  order: readonly number[],
  organisationOf: (member: number) => string,
  cap: number,
  degree: number,
): readonly number[] | undefined {
  if (cap >= degree) return order;
  const left = [...order];
  const circle: number[] = [];
  /** Members of each organisation among the last `degree` in the circle. */
  const recent = new Map<string, number>();
  const count = (member: number, change: number): void => {
    const organisation = organisationOf(member);
    recent.set(organisation, (recent.get(organisation) ?? 0) + change);
  };
  while (left.length > 0) {
    const at = left.findIndex((member) => (recent.get(organisationOf(member)) ?? 0) < cap);
    if (at === -1) return undefined;
    const [member] = left.splice(at, 1) as [number];
    circle.push(member);
    count(member, 1);
    if (circle.length > degree) count(circle[circle.length - 1 - degree] as number, -1);
  }
  // Around the seam: the `degree` before the first are still counted.
  for (let i = 0; i < degree; i++) {
    const member = circle[i] as number;
    if ((recent.get(organisationOf(member)) ?? 0) >= cap) return undefined;
    count(member, 1);
    count(circle[circle.length - degree + i] as number, -1);
  }
  return circle;
}
