/**
 * A3: what was said in one round is said again in a later one, by the coordinator to members and by members to
 * the coordinator.
 */
import type { Message } from '@tributary/protocol';
import type { Frame } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { kindOf } from '../support/moments.ts';
import { membersIn, SocketFederation } from '../support/socket-federation.ts';

const textOf = ({ kind, body, signature }: Message): string =>
  JSON.stringify([kind, body, signature], (_, value: unknown) =>
    value instanceof Uint8Array ? value.join() : value,
  );

describe('A3: messages of an old round', () => {
  it('change no state of a member, in any phase of the next round, and get no answer that was not given before', () => {
    const attacker = new Attacker({ members: 4 });
    const replayed = new Set<string>();
    const replay = (old: readonly { readonly to: number; readonly message: Message }[]): void => {
      const said = new Set(attacker.all('release').map(({ from, body }) => `${from} ${body.keyIndex}`));
      const before = new Set(attacker.heard.map(({ message }) => textOf(message)));
      for (const { to, message } of old) {
        const member = attacker.member(to);
        const { state } = member;
        const answers = attacker.deliver([to], message);
        expect(member.state).toEqual(state);
        replayed.add(message.kind);
        const others = answers.filter(({ kind }) => kind !== 'refusal');
        for (const answer of others) expect(before).toContain(textOf(answer));
      }
      const now = new Set(attacker.all('release').map(({ from, body }) => `${from} ${body.keyIndex}`));
      expect(now).toEqual(said);
    };

    attacker.openBatch();
    const uploads = attacker.collectUploads();
    const view = attacker.show(uploads);
    attacker.request(view);
    attacker.tellResult(view);
    const old = [...attacker.told];
    expect(attacker.members.flatMap(({ rejections }) => rejections)).toEqual([]);

    const expected = attacker.expect(2);
    replay(old);
    const start = attacker.announce(attacker.roundTerms(expected, { keyIndex: 1 }));
    expect(start.ready).toHaveLength(4);
    replay(old);
    const next = attacker.begin(start);
    expect(next).toHaveLength(4);
    replay(old);
    const second = attacker.show(next);
    expect(second.signatures).toHaveLength(4);
    replay(old);
    attacker.request(second);
    replay(old);
    expect([...replayed].toSorted()).toEqual([
      'batch-start',
      'held-shares',
      'key-roster',
      'round-announce',
      'round-result',
      'round-start',
      'survivors',
      'unmask-request',
    ]);
  });

  it('that members send again at every step of the next round leave its sum exact, and drop nobody', () => {
    const recorded: Frame[] = [];
    const seen = new Set<string>();
    let round = 1;
    const { federation } = testFederation(4, {
      faults: {
        intercept(frame) {
          if (round === 1) {
            recorded.push(frame);
            return [frame];
          }
          const step = `${kindOf(frame)} ${frame.from} ${frame.to}`;
          if (seen.has(step)) return [frame];
          seen.add(step);
          const old = recorded.filter(({ to }) => to === 'coordinator');
          return [...old.filter(({ from }) => from === frame.from || from === frame.to), frame];
        },
      },
    });
    const vectors = [1, 2].map((seed) => randomVectors(4, 50, seed));
    const everybody = [0, 1, 2, 3];
    for (const each of vectors) {
      expect(federation.sum(sumRequest(50, each))).toEqual({
        kind: 'opened',
        survivors: everybody,
        sum: plainSum(each, everybody),
      });
      round += 1;
    }
    expect(federation.drops).toEqual([]);
    const codes = new Set(federation.rejections.map(({ code }) => code));
    expect([...codes].toSorted()).toEqual(['WRONG_CONTEXT', 'WRONG_PHASE']);
  });
});

describe('A3: a member that replays over a real socket', () => {
  it('everything that it ever said, with each new message, is still one member and costs the others nothing', async () => {
    const federation = new SocketFederation(4);
    const [report] = await federation.serve();
    const replayer = await federation.byHand((message, { said }) => {
      const old = said.filter(({ kind }) => kind !== 'vector-chunk').slice(0, -1);
      // A few at a time: whoever floods is cut off.
      return [...old.slice(-3), message];
    });
    const clients = [1, 2, 3].map(async (i) => await federation.client(i));
    expect(await report).toMatchObject({ survivors: 4, drops: [] });
    await Promise.all(clients);
    const codes = new Set(
      federation.seen.flatMap((event) => (event.kind === 'rejected' ? [event.rejection.code] : [])),
    );
    expect(codes.size).toBeGreaterThan(0);
    for (const code of codes) expect(['DUPLICATE', 'WRONG_CONTEXT', 'WRONG_PHASE']).toContain(code);
    const [first] = replayer.sums;
    expect(first && membersIn(first)).toEqual({ records: 90, numbers: 6 });
  });

  it('a recorded hello on another connection opens nothing: each connection is given a nonce of its own', async () => {
    const federation = new SocketFederation(4);
    const [report] = await federation.serve();
    const first = await federation.byHand();
    const clients = [1, 2, 3].map(async (i) => await federation.client(i));
    const thief = federation.eavesdropped(first.hello);
    expect(await thief).toMatchObject({ code: 4401 });
    expect(await report).toMatchObject({ survivors: 4 });
    await Promise.all(clients);
  });
});
