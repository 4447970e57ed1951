import { DataError } from '@tributary/client';
import { PrivacyError } from '@tributary/privacy';
import { ProtocolError } from '@tributary/protocol';
import { RouterError } from '@tributary/router';
import { RuntimeError, type RuntimeErrorCode } from '@tributary/runtime';
import { CommanderError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { failureOf, printLine, reportFailure } from './output.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What `act` writes to the two streams. */
function written(act: () => void): { readonly stdout: string; readonly stderr: string } {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  act();
  const texts = [stdout, stderr].map(({ mock }) => mock.calls.map(([text]) => String(text)).join(''));
  return { stdout: texts[0] ?? '', stderr: texts[1] ?? '' };
}

describe('failureOf', () => {
  it.each<[RuntimeErrorCode, number]>([
    ['RUN_FAILED', 1],
    ['REFUSED_BY_PEER', 2],
    ['CANNOT_CONNECT', 2],
    ['CONNECTION_LOST', 2],
    ['VERSION_MISMATCH', 2],
    ['TIMED_OUT', 3],
    ['BAD_CONFIG', 4],
    ['BAD_FILE', 4],
    ['BAD_DATA', 4],
    ['BAD_ARGUMENT', 4],
    ['PORT_IN_USE', 4],
    ['INSECURE', 4],
    ['POLICY', 6],
    ['TOO_FEW_SURVIVORS', 7],
  ])('ends the process for %s with %i', (code, exitCode) => {
    expect(failureOf(new RuntimeError(code, 'what', 'how'))).toEqual({
      exitCode,
      code,
      message: 'what',
      hint: 'how',
    });
  });

  it.each([
    [
      new DataError('INVALID_SCORE', 'x.jsonl:3: score is NaN', 'scores lie in 0 .. 1'),
      'INVALID_SCORE',
      'scores lie in 0 .. 1',
    ],
    [new RouterError('BAD_ARTIFACT', 'artifact is not JSON'), 'BAD_ARTIFACT', ''],
    [new ProtocolError('BAD_PARAMETERS', 'too few', 'add some'), 'BAD_PARAMETERS', 'add some'],
    [new PrivacyError('RING_OVERFLOW', 'the sum does not fit'), 'RING_OVERFLOW', ''],
  ])('takes %s for a fault of input', (error, code, hint) => {
    expect(failureOf(error)).toMatchObject({ exitCode: 4, code, hint, message: error.message });
  });

  it.each([
    [
      "error: unknown option '--jsn'\n(Did you mean --json?)",
      "unknown option '--jsn'",
      'did you mean --json?',
    ],
    ["error: unknown command 'rout'\n(Did you mean route?)", "unknown command 'rout'", 'did you mean route?'],
    [
      "error: missing required argument 'path'",
      "missing required argument 'path'",
      '--help shows what can be given',
    ],
  ])('makes one line of a wrong argument: %j', (text, message, hint) => {
    const error = new CommanderError(1, 'commander.unknownOption', text);
    expect(failureOf(error)).toEqual({ exitCode: 4, code: 'BAD_ARGUMENT', message, hint });
  });

  it.each([new TypeError('x is not a function'), 'thrown text', undefined, { code: 'BAD_FILE' }])(
    'takes anything else for a bug: %s',
    (error) => {
      expect(failureOf(error)).toMatchObject({
        exitCode: 5,
        code: 'BUG',
        message: expect.stringMatching(/^internal error: /),
      });
    },
  );

  it('lets nothing from a peer break the line or steer the terminal', () => {
    const failure = failureOf(
      new RuntimeError('RUN_FAILED', 'ended:\nerror: all is well\u001b[1A\r', 'see\u009b2J\nhere'),
    );
    expect(failure.message).toBe('ended: error: all is well\\u{1b}[1A');
    expect(failure.hint).toBe('see\\u{9b}2J here');
  });
});

describe('reportFailure', () => {
  const error = new RuntimeError('BAD_FILE', 'cannot read x: no such file', 'check the path');

  it('writes one line for people, and nothing to standard output', () => {
    expect(written(() => reportFailure(error, false))).toEqual({
      stdout: '',
      stderr: 'error: cannot read x: no such file (check the path)\n',
    });
  });

  it('writes the error object last to standard output with --json', () => {
    const { stdout, stderr } = written(() => expect(reportFailure(error, true)).toBe(4));
    expect(stdout).toBe(
      '{"error":{"code":"BAD_FILE","message":"cannot read x: no such file","hint":"check the path"}}\n',
    );
    expect(stderr).toBe('error: cannot read x: no such file (check the path)\n');
  });

  it('shows the stack of a bug to who asks for it, and to nobody else', () => {
    const bug = new Error('oops');
    expect(written(() => reportFailure(bug, false)).stderr.trimEnd()).not.toContain('\n');
    vi.stubEnv('TRIBUTARY_DEBUG', '1');
    expect(written(() => reportFailure(bug, false)).stderr).toContain('output.test.ts');
  });
});

describe('printLine', () => {
  it('stays one harmless line, whatever a peer put into it', () => {
    const { stderr } = written(() => printLine("run 'a\nb\u001b[31m': kmeans"));
    expect(stderr).toBe("run 'a b\\u{1b}[31m': kmeans\n");
  });
});
