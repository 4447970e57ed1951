/** Who is joined to whom in a batch, from its plain state. */
import type { OpenBatch } from './state.ts';

type Graph = Pick<OpenBatch, 'terms' | 'neighbours'>;

/** Members with whom `member` shares masks, ascending. */
export function neighboursIn({ terms, neighbours }: Graph, member: number): readonly number[] {
  if (terms.graph === 'complete') return terms.cohort.filter((id) => id !== member);
  return neighbours.get(member) ?? [];
}

/** Members that hold shares of the secrets of `owner`, ascending. */
export function holdersIn({ terms, neighbours }: Graph, owner: number): readonly number[] {
  return terms.graph === 'complete' ? terms.cohort : (neighbours.get(owner) ?? []);
}

/** The holder's point on the owner's polynomials; undefined where it holds none of its shares. */
export function pointIn(graph: Graph, owner: number, holder: number): number | undefined {
  const at = holdersIn(graph, owner).indexOf(holder);
  return at === -1 ? undefined : at + 1;
}
