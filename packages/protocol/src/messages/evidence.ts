/**
 * Coordinator to members: what proves that a member cheated, in that member's own signed words. Whoever
 * verifies it (`evidence.ts`) takes part in no further round with the culprit.
 */
import { choice, fixedBytes, list, type Shape, struct } from '../wire/shape.ts';
import { type Release, releaseShape } from './round.ts';
import {
  type KeyAdvert,
  keyAdvertShape,
  type OpenedShares,
  openedSharesShape,
  type SealedShares,
  sealedSharesShape,
  type Signed,
  signedShape,
} from './setup.ts';
import { MAX_HOLDERS } from './terms.ts';

export interface MemberEvidence {
  /**
   * `bad-share`: a release that does not open what the dealer committed to (one box, one release).
   * `bad-dealer`: t shares that open the dealer's commitments and give another secret than it committed to
   * (one box and one release of each holder, and the dealer's advert).
   * `bad-opening`: the answer to a complaint does not open the dealer's commitments (one box, one opening).
   */
  readonly proof: 'bad-share' | 'bad-dealer' | 'bad-opening';
  readonly batchContext: Uint8Array;
  readonly boxes: readonly Signed<SealedShares>[];
  readonly releases: readonly Signed<Release>[];
  readonly adverts: readonly Signed<KeyAdvert>[];
  readonly openings: readonly Signed<OpenedShares>[];
}

export const memberEvidenceShape: Shape<MemberEvidence> = struct<MemberEvidence>({
  proof: choice('bad-share', 'bad-dealer', 'bad-opening'),
  batchContext: fixedBytes(32),
  boxes: list(signedShape(sealedSharesShape), MAX_HOLDERS),
  releases: list(signedShape(releaseShape), MAX_HOLDERS),
  adverts: list(signedShape(keyAdvertShape), 1),
  openings: list(signedShape(openedSharesShape), 1),
});
