import { describe, expect, it } from 'vitest';
import { webAssemblyOf } from '../../packages/router/src/linalg/matrix/webassembly.ts';
import { assemble } from './assemble.ts';

const module = (...functions: string[]): string =>
  `(module (import "host" "memory" (memory 1)) ${functions.join(' ')})`;

/** Runs the exported function `run` and returns the memory. */
function memoryAfter(source: string, ...parameters: number[]): DataView {
  const host = webAssemblyOf(globalThis);
  if (host === undefined) throw new Error('Node has WebAssembly');
  const memory = new host.Memory({ initial: 1 });
  const instance = new host.Instance(new host.Module(assemble(source)), { host: { memory } });
  (instance.exports['run'] as (...values: number[]) => void)(...parameters);
  return new DataView(memory.buffer);
}

describe('the assembler', () => {
  it('writes the sections of the specification', () => {
    const source = module(
      '(func $f (export "run") (param $a i32) (f32.store offset=4 (local.get $a) (f32.const 1.5)))',
    );
    expect(Buffer.from(assemble(source)).toString('hex')).toBe(
      [
        '0061736d01000000', // magic number and version
        '01050160017f00', // type: (i32) -> ()
        '02100104686f7374066d656d6f7279020001', // import: memory of 1 page and more
        '03020100', // function of type 0
        '0707010372756e0000', // export
        '0a0e010c002000430000c03f3802040b', // code
      ].join(''),
    );
  });

  it('loops, branches and calls', () => {
    // Stores 1, 2, 4, 8, ... at 0, 4, 8, ... while the address is below the parameter, and -1 where it is not below 12.
    const source = module(
      '(func $store (param $at i32) (param $value f32) (f32.store (local.get $at) (local.get $value)))',
      `(func $run (export "run") (param $end i32) (local $at i32) (local $value f32)
        (local.set $value (f32.const 1))
        (loop $next ;; a comment (; with another ;)
          (if (i32.lt_u (local.get $at) (i32.const 12))
            (then (call $store (local.get $at) (local.get $value)))
            (else (call $store (local.get $at) (f32.const -1))))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))`,
    );
    const memory = memoryAfter(source, 20);
    expect([0, 4, 8, 12, 16, 20].map((at) => memory.getFloat32(at, true))).toEqual([1, 1, 1, -1, -1, 0]);
  });

  it.each([0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 31 - 1, -1, -64, -65, -(2 ** 31)])(
    'writes the constant %d so that it is read as such',
    (value) => {
      const source = module(
        `(func $run (export "run") (param $wanted i32)
          (if (i32.lt_u (i32.sub (local.get $wanted) (i32.const ${value})) (i32.const 1))
            (then (f32.store (i32.const 0) (f32.const 1)))))`,
      );
      expect(memoryAfter(source, value).getFloat32(0, true)).toBe(1);
      expect(memoryAfter(source, value + 1).getFloat32(0, true)).toBe(0);
    },
  );

  it.each([
    ['(module', 'not closed'],
    ['(module))', 'closes nothing'],
    ['(component)', 'one (module'],
    ['(module (table))', 'neither import nor func'],
    ['(module (import "a" "b" (table 1)))', 'memory'],
    [module('(func $f (i64.add))'), 'i64.add'],
    [module('(func $f (local.get $x))'), '$x'],
    [module('(func $f (local $x i64))'), 'i64'],
    [module('(func $f (param $x i32) (local $x i32))'), 'twice'],
    [module('(func $f (i32.const))'), 'i32'],
    [module('(func $f (i32.const 0x10))'), '0x10'],
    [module('(func $f (f32.const nan))'), 'nan'],
    [module('(func $f (br_if $out (i32.const 1)))'), '$out'],
    [module('(func $f (f32.store align=4 (i32.const 0) (f32.const 0)))'), 'align=4'],
    [module('(func $f (if (i32.const 1)))'), 'then'],
    [module('(func f)'), '$name'],
    [module('(func $f (call $g))'), '$g'],
    ['(module "\\")', 'no token'],
  ])('refuses %s', (source, about) => {
    expect(() => assemble(source)).toThrow(about);
  });
});
