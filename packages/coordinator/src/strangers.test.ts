import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Strangers } from './strangers.ts';

function from(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

describe('strangers', () => {
  it('of a crowded address displace each other, oldest first, and nobody else', () => {
    const strangers = new Strangers(4);
    const quiet = from('192.0.2.1');
    const crowd = Array.from({ length: 9 }, () => from('198.51.100.7'));
    for (const connection of [quiet, ...crowd]) strangers.add(connection);
    expect(quiet.destroyed).toBe(false);
    expect(crowd.map(({ destroyed }) => destroyed)).toEqual([
      ...Array(6).fill(true),
      ...Array(3).fill(false),
    ]);
    expect(strangers.size).toBe(4);
  });

  it('of as many addresses make room for the newest', () => {
    const strangers = new Strangers(2);
    const [first, second, third] = [from('192.0.2.1'), from('192.0.2.2'), from('192.0.2.3')] as const;
    for (const connection of [first, second, third]) strangers.add(connection);
    expect([first, second, third].map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
  });

  it('are not those that have ended or joined', () => {
    const strangers = new Strangers(1);
    const ended = from('192.0.2.1');
    ended.destroy();
    strangers.add(ended);
    expect(strangers.size).toBe(0);
    const joined = from('192.0.2.2');
    strangers.add(joined);
    strangers.delete(joined);
    strangers.add(from('192.0.2.3'));
    expect(joined.destroyed).toBe(false);
  });
});
