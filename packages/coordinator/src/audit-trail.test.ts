import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyLog } from '@tributary/audit';
import { nodeBackend } from '@tributary/crypto/node';
import { type Bodies, EMPTY_LOG_HEAD } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditFile } from './audit-file.ts';
import { AuditTrail, type AuditTrailOptions } from './audit-trail.ts';
import { testFederation } from './testing/federation.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-trail-'));
  path = join(directory, 'audit.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const { roster, coordinatorIdentity: identity, run } = testFederation(3);

function options(change: Partial<AuditTrailOptions> = {}): AuditTrailOptions {
  const file = auditFile(path);
  return { crypto: nodeBackend, file, roster, identity, run, manifest: '{}', now: () => 5, ...change };
}

const ended = (trail: AuditTrail, outcome = 'completed'): Bodies['run-ended'] => ({
  run,
  outcome,
  detail: '',
  rounds: 0,
  logHead: EMPTY_LOG_HEAD,
  auditHead: trail.head,
});

function verified(): ReturnType<typeof verifyLog> {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return verifyLog(
    nodeBackend,
    lines.map((line) => new TextEncoder().encode(line)),
  );
}

describe('an audit trail', () => {
  it('writes nothing before it is told to, and then its genesis', async () => {
    const trail = AuditTrail.begin(options());
    expect(existsSync(path)).toBe(false);
    await trail.flush();
    expect(readFileSync(path, 'utf8')).toContain('"type":"genesis"');
    expect(trail.head.size).toBe(0);
  });

  it('ends with a head, once, however often the end is told', async () => {
    const trail = AuditTrail.begin(options());
    const body = ended(trail);
    await trail.recordEnd(body);
    await trail.recordEnd(body);
    const again = await AuditTrail.open(options({ now: () => 9 }));
    expect(again.ended).toEqual(body);
    // What members were told of the log then is what they are told now.
    expect(ended(again)).toEqual(body);
    await again.recordEnd(ended(again));
    expect(verified()).toMatchObject({ ok: true, report: { entries: 3, ended: true } });
  });

  it('cuts off what a crash left of a line, and writes the line again', async () => {
    const trail = AuditTrail.begin(options());
    await trail.recordEnd(ended(trail));
    const whole = readFileSync(path, 'utf8');
    for (const left of [0, 30, whole.indexOf('\n') + 1, whole.length - 1]) {
      writeFileSync(path, whole.slice(0, left));
      const next = await AuditTrail.open(options());
      await next.recordEnd(ended(next));
      expect(readFileSync(path, 'utf8')).toBe(whole);
    }
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['a line that is no entry', (text) => `${text}{}\n`, /line 4/],
    ['a head that was changed', (text) => text.replace(/"size":2/, '"size":1'), /head in line 3/],
    ['a log of another run', (text) => text.replace(/"run":"0/, '"run":"1'), /another run/],
    [
      'another genesis',
      (text) => text.replace('"manifest":"{}"', '"manifest":"{ }"'),
      /entry 1|head in line/,
    ],
  ])('does not go on from %s', async (_, change, message) => {
    const trail = AuditTrail.begin(options());
    await trail.recordEnd(ended(trail));
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    await expect(AuditTrail.open(options())).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringMatching(message) as string,
    });
  });

  it('does not say what its disk refuses', async () => {
    const refusing = { ...auditFile(path), append: async () => await Promise.reject(new Error('full')) };
    const trail = AuditTrail.begin(options({ file: refusing }));
    await expect(trail.recordEnd(ended(trail))).rejects.toThrow('full');
    await expect(trail.flush()).rejects.toThrow('full');
  });

  it('says that the log is not the one of its journal', async () => {
    const trail = AuditTrail.begin(options());
    await trail.recordEnd(ended(trail, 'RUN_FAILED'));
    const next = await AuditTrail.open(options());
    await expect(next.recordEnd(ended(next))).rejects.toThrow(
      'entry 2 is another one than the journal gives',
    );
    appendFileSync(path, '');
  });
});
