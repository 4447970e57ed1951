/**
 * A23: public keys of small order, with which a shared secret is known to everybody, and signatures that
 * libraries disagree about. Both backends give the same verdicts, and no such key gets past a roster, the
 * coordinator or a member.
 */
import { checkIdentityKey, fromHex, isSmallOrderX25519, nobleBackend } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { checkRoster, type Message } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { existing } from '../support/existing.ts';
import { CheatingFederation } from '../support/cheating-federation.ts';
import { plainSum } from '../support/federation.ts';

const bytesOf = (hex: string): Uint8Array => existing(fromHex(hex));

/** u-coordinates of order 1, 2, 4 and 8 on the curve and its twist, canonical and not (RFC 7748, section 6). */
const WEAK_X25519 = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map(bytesOf);

/** Encodings of points of order 1, 2, 4 and 8 of Ed25519, canonical and not. */
const WEAK_ED25519 = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map(bytesOf);

const CHEAT = 2;

describe('A23: keys of small order', () => {
  it('for key agreement are recognised, every one', () => {
    for (const key of WEAK_X25519) expect(isSmallOrderX25519(key)).toBe(true);
  });

  it.each(['sealingKey', 'roundKeys'] as const)(
    'as a %s are refused by the coordinator and cost their owner the batch',
    (field) => {
      for (const weak of WEAK_X25519.slice(0, 4)) {
        const federation = new CheatingFederation({ members: 5 });
        federation.corrupt(CHEAT, (message): Message[] => {
          if (message.kind !== 'key-advert') return [message];
          const { body } = message;
          const changed =
            field === 'sealingKey'
              ? { ...body, sealingKey: weak }
              : { ...body, roundKeys: body.roundKeys.with(1, weak) };
          return [federation.cast.member(CHEAT).sign('key-advert', changed) as Message];
        });
        const { sum, survivors } = federation.sum();
        expect(survivors).toEqual([0, 1, 3, 4]);
        expect(sum).toEqual(
          plainSum(
            federation.cast.members.map(({ vector }) => vector),
            survivors,
          ),
        );
        expect(federation.rejections).toMatchObject([{ code: 'BAD_KEY', from: CHEAT }]);
        expect(federation.drops).toMatchObject([{ member: CHEAT, phase: 'setup', reason: 'protocol-error' }]);
      }
    },
  );

  it('are refused by each member where the coordinator lets them through', () => {
    for (const weak of WEAK_X25519) {
      const attacker = new Attacker({ members: 5 });
      attacker.advertise();
      const honest = attacker.keyRoster();
      const adverts = honest.adverts.map((advert) => {
        if (advert.body.member !== CHEAT) return advert;
        const body = { ...advert.body, roundKeys: [weak, ...advert.body.roundKeys.slice(1)] };
        return { body, signature: attacker.member(CHEAT).sign('key-advert', body).signature };
      });
      attacker.tell([0], 'key-roster', { ...honest, adverts });
      expect(attacker.member(0).rejections).toMatchObject([
        { code: 'BAD_KEY', detail: expect.stringMatching(/org-2/) as string },
      ]);
      expect(attacker.all('dealt-shares')).toEqual([]);
    }
  });

  it('as identities are refused at enrolment, and verify nothing in either backend', () => {
    const { roster } = new Attacker({ members: 3 });
    const message = new Uint8Array(8);
    for (const weak of WEAK_ED25519) {
      expect(checkIdentityKey(weak)).toBeDefined();
      const members = roster.members.map((member, id) =>
        id === 1 ? { ...member, publicKey: weak } : member,
      );
      expect(() => checkRoster({ ...roster, members })).toThrow(
        expect.objectContaining({ code: 'BAD_PARAMETERS' }),
      );
      // R of small order and S = 0: what lax verification takes for a signature of everything.
      for (const first of WEAK_ED25519) {
        const signature = Uint8Array.from([...first, ...new Uint8Array(32)]);
        for (const backend of [nodeBackend, nobleBackend]) {
          expect(backend.ed25519Verify(weak, message, signature)).toBe(false);
        }
      }
    }
  });
});

describe('A23: signatures that are not canonical', () => {
  it('with S beyond the group order are refused by both backends', () => {
    // L, little-endian (RFC 8032, section 5.1).
    const order = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    const secret = new Uint8Array(32).fill(5);
    const message = new Uint8Array(10);
    for (const backend of [nodeBackend, nobleBackend]) {
      const publicKey = backend.ed25519PublicKey(secret);
      const signature = backend.ed25519Sign(secret, message);
      expect(backend.ed25519Verify(publicKey, message, signature)).toBe(true);
      const malleable = Uint8Array.from(signature);
      let carry = 0;
      for (let i = 0; i < 32; i++) {
        carry += (signature[32 + i] ?? 0) + (order[i] ?? 0);
        malleable[32 + i] = carry & 0xff;
        carry >>= 8;
      }
      expect(backend.ed25519Verify(publicKey, message, malleable)).toBe(false);
    }
  });
});
