/** Masks from the secrets that they come from, as whoever had those secrets would compute them. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { DEFAULT_DEADLINES, masksFor, roundTermsFor } from '@tributary/protocol';
import { expectedSum } from './expected-sum.ts';

export type Mask = ReturnType<typeof masksFor>[number];

export interface RoundKeyHolder {
  readonly member: number;
  readonly roundKey: Uint8Array;
}

/** The masks of an upload from the secrets they come from: the self mask, then one for each partner. */
export function masksOf(of: {
  readonly self: RoundKeyHolder;
  readonly partners: readonly RoundKeyHolder[];
  readonly roundContext: Uint8Array;
  readonly selfSeed: Uint8Array;
  readonly roundSecret: Uint8Array;
}): Mask[] {
  const { self, partners, roundContext, selfSeed, roundSecret } = of;
  const none = new Uint8Array(32);
  const secrets = {
    sealingSecret: none,
    roundSecrets: [roundSecret],
    selfSeeds: [selfSeed],
    held: new Map<number, Uint8Array>(),
    dealt: new Map<number, Uint8Array>(),
    drawNonce: none,
  };
  const store = { put: () => {}, get: () => secrets, forget: () => {} };
  const terms = roundTermsFor(expectedSum(1, 1), {
    batchContext: none,
    keyIndex: 0,
    attempt: 1,
    step: 'test',
    deadlines: DEFAULT_DEADLINES,
    auditHead: { size: 0, root: none, time: 0, signature: none },
  });
  return masksFor(
    { crypto, random: () => none, self: self.member, identity: none, store },
    {
      kind: 'upload-input',
      batchContext: none,
      request: { roundContext, keyIndex: 0, self, partners },
      terms,
      resume: false,
    },
  );
}
