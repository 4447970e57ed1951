/** What was said over all lives of all processes: a member, or a coordinator, may repeat itself and never contradict itself. */
import { toHex } from '@tributary/crypto';
import type { Message } from '@tributary/protocol';

export class Spoken {
  /** Answers to questions that are answered once. */
  readonly #answers = new Map<string, string>();
  /** Contradictions. */
  readonly contradictions: string[] = [];

  note(speaker: number | 'coordinator', message: Message): void {
    for (const [question, answer] of answersIn(message)) {
      const key = `${speaker} ${question}`;
      const before = this.#answers.get(key);
      if (before !== undefined && before !== answer)
        this.contradictions.push(`${key}: ${before} and ${answer}`);
      this.#answers.set(key, answer);
    }
  }

  /** How many different questions of a kind were answered. */
  count(kind: string): number {
    return [...this.#answers.keys()].filter((key) => key.split(' ')[1] === kind).length;
  }
}

function answersIn({ kind, body }: Message): (readonly [string, string])[] {
  if (kind === 'key-advert') {
    return [[`keys ${toHex(body.batchContext)}`, body.roundKeys.map(toHex).join()]];
  }
  if (kind === 'dealt-shares') {
    // A second sharing of the same secrets would give holders two shares of each.
    return body.boxes.map(({ body: { batchContext, holder, commitments } }) => [
      `box ${toHex(batchContext)} ${holder}`,
      toHex(commitments),
    ]);
  }
  if (kind === 'ready') return [[`nonce ${toHex(body.termsDigest)}`, toHex(body.nonce)]];
  if (kind === 'upload-end') return [[`upload ${toHex(body.roundContext)}`, toHex(body.digest)]];
  if (kind === 'survivors-signature') {
    return [[`signed ${toHex(body.roundContext)}`, toHex(body.survivorsDigest)]];
  }
  if (kind === 'release') {
    // Self seed or round key, for each owner and key index: never both, in whatever context.
    const index = `${toHex(body.batchContext)} ${body.keyIndex}`;
    return body.shares.map(({ owner, kind: secret }) => [`release ${index} ${owner}`, secret]);
  }
  if (kind === 'batch-start') return [[`batch ${body.batch}`, body.cohort.join()]];
  if (kind === 'round-announce') {
    const { batchContext, keyIndex, round, attempt } = body.terms;
    return [[`key-index ${toHex(batchContext)} ${keyIndex}`, `round ${round} attempt ${attempt}`]];
  }
  if (kind === 'round-start') {
    return [[`participants ${toHex(body.termsDigest)}`, body.ready.map(({ nonce }) => toHex(nonce)).join()]];
  }
  if (kind === 'survivors') {
    return [[`survivors ${toHex(body.roundContext)}`, body.uploads.map(({ member }) => member).join()]];
  }
  if (kind === 'unmask-request') {
    return [[`opened ${toHex(body.roundContext)}`, toHex(body.survivorsDigest)]];
  }
  return [];
}
