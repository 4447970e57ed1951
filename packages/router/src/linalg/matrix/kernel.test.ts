import fc from 'fast-check';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createGenerator } from '../../random/generator.ts';
import { refusal } from '../../testing/refusal.ts';
import { seedOf } from '../../testing/toy-dataset.ts';
import type { MatrixKernel, ProductShape } from './kernel.ts';
import { matrixKernel } from './select-kernel.ts';
import { createSimdKernel } from './simd-kernel.ts';
import { tiledKernel } from './tiled-kernel.ts';
import { webAssemblyOf } from './webassembly.ts';

const simd = createSimdKernel(webAssemblyOf(globalThis));
const kernels: readonly MatrixKernel[] = simd === undefined ? [tiledKernel] : [tiledKernel, simd];

const PRODUCTS = ['multiply', 'multiplyTransposedA', 'multiplyTransposedB'] as const;
type ProductName = (typeof PRODUCTS)[number];

function random(name: string, length: number): Float32Array {
  const generator = createGenerator(seedOf(name));
  return Float32Array.from({ length }, () => 2 * generator.nextDouble() - 1);
}

function run(kernel: MatrixKernel, name: ProductName, shape: ProductShape): Float32Array {
  const { m, k, n } = shape;
  return kernel.withWorkspace({ a: m * k, b: k * n, c: m * n }, [shape], ({ arrays, ...products }) => {
    arrays.a.set(random('a', m * k));
    arrays.b.set(random('b', k * n));
    products[name](arrays.a, arrays.b, arrays.c, shape);
    return arrays.c.slice();
  });
}

/** The same product by ml-matrix, in doubles. */
function oracle(name: ProductName, { m, k, n }: ProductShape): number[] {
  const [a, b] = [random('a', m * k), random('b', k * n)];
  const left = name === 'multiplyTransposedA' ? Matrix.from1DArray(k, m, [...a]).transpose() : undefined;
  const right = name === 'multiplyTransposedB' ? Matrix.from1DArray(n, k, [...b]).transpose() : undefined;
  return (left ?? Matrix.from1DArray(m, k, [...a]))
    .mmul(right ?? Matrix.from1DArray(k, n, [...b]))
    .to1DArray();
}

const side = fc.integer({ min: 1, max: 40 });
const shapes = fc.record({ m: side, k: side, n: side });

/** Element by element: WebAssembly rounds every product and every sum to float32, TypeScript each finished element. */
function inOrder(kernel: MatrixKernel, name: ProductName, { m, k, n }: ProductShape): Float32Array {
  const [a, b] = [random('a', m * k), random('b', k * n)];
  const round = kernel.name === 'simd' ? Math.fround : (value: number): number => value;
  return Float32Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let p = 0; p < k; p++) {
      const left = a[name === 'multiplyTransposedA' ? p * m + i : i * k + p] ?? 0;
      const right = b[name === 'multiplyTransposedB' ? j * k + p : p * n + j] ?? 0;
      sum = round(sum + round(left * right));
    }
    return sum;
  });
}

describe.each(PRODUCTS)('%s', (name) => {
  it('agrees with ml-matrix for every shape', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(...kernels), (shape, kernel) => {
        const expected = oracle(name, shape);
        const worst = run(kernel, name, shape).reduce(
          (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 0))),
          0,
        );
        // A sum of k products of values in [-1, 1], each operation off by half a unit of 2^-24.
        expect(worst).toBeLessThanOrEqual(shape.k * shape.k * 2 ** -23);
      }),
    );
  });

  it('has the bits of its rounding, in the order of the common index', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(...kernels), (shape, kernel) => {
        expect(run(kernel, name, shape)).toEqual(inOrder(kernel, name, shape));
      }),
    );
  });

  it('refuses matrices that are too small for the shape', () => {
    for (const kernel of kernels) {
      kernel.withWorkspace({ a: 6, b: 6, c: 3 }, [{ m: 2, k: 3, n: 2 }], ({ arrays, ...products }) => {
        const { a, b, c } = arrays;
        expect(() => products[name](a, b, c, { m: 2, k: 3, n: 2 })).toThrow(
          refusal('OUT_OF_RANGE', '2 x 3 x 2'),
        );
        expect(() => products[name](a, b, c, { m: 0, k: 3, n: 2 })).toThrow(
          refusal('OUT_OF_RANGE', '0 x 3 x 2'),
        );
      });
    }
  });
});

describe('a matrix times a vector', () => {
  it.each(kernels)('by the kernel $name agrees with ml-matrix for every shape', (kernel) => {
    fc.assert(
      fc.property(side, side, (rows, columns) => {
        const lengths = { w: rows * columns, x: columns, y: rows, next: 4 };
        kernel.withWorkspace(lengths, [], ({ arrays, multiplyVector }) => {
          arrays.w.set(random('w', rows * columns));
          arrays.x.set(random('x', columns));
          arrays.y.fill(Number.NaN);
          multiplyVector(arrays.w, arrays.x, arrays.y);
          const expected = Matrix.from1DArray(rows, columns, [...arrays.w])
            .mmul(Matrix.columnVector([...arrays.x]))
            .to1DArray();
          expected.forEach((value, i) => expect(arrays.y[i]).toBeCloseTo(value, 5));
          expect(arrays.next).toEqual(new Float32Array(4));
        });
      }),
    );
  });

  it.each(kernels)('by the kernel $name is refused where the matrix is too small', (kernel) => {
    const { arrays, multiplyVector } = kernel.createWorkspace({ w: 5, x: 3, y: 2 }, []);
    expect(() => multiplyVector(arrays.w, arrays.x, arrays.y)).toThrow(
      refusal('OUT_OF_RANGE', '2 rows of 3'),
    );
  });
});

describe('a step of AdamW', () => {
  it.each(kernels)('of the kernel $name is what its formula says, for every length', (kernel) => {
    const factors = { shrink: 0.5, decay: 0.99, rate: 0.01, correction: 3 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 21 }), (length) => {
        const lengths = { parameters: length, gradients: length, moments: length, squares: length, next: 4 };
        kernel.withWorkspace(lengths, [], ({ arrays, adamW }) => {
          const [p, g, m] = ['p', 'g', 'm'].map((name) => random(name, length));
          arrays.parameters.set(p ?? []);
          arrays.gradients.set(g ?? []);
          arrays.moments.set(m ?? []);
          arrays.squares.fill(0.25);
          adamW(arrays, factors);
          for (let i = 0; i < length; i++) {
            const gradient = 0.5 * (g?.[i] ?? 0);
            const moment = 0.9 * (m?.[i] ?? 0) + 0.1 * gradient;
            const square = 0.999 * 0.25 + 0.001 * gradient ** 2;
            expect(arrays.moments[i]).toBeCloseTo(moment, 6);
            expect(arrays.squares[i]).toBeCloseTo(square, 6);
            const moved = 0.99 * (p?.[i] ?? 0) - (0.01 * moment) / (3 * Math.sqrt(square) + 1e-8);
            expect(arrays.parameters[i]).toBeCloseTo(moved, 6);
          }
          expect(arrays.next).toEqual(new Float32Array(4));
        });
      }),
    );
  });

  it.each(kernels)('of the kernel $name leaves a parameter without gradients to its decay', (kernel) => {
    const one = { parameters: 1, gradients: 1, moments: 1, squares: 1 };
    kernel.withWorkspace(one, [], ({ arrays, adamW }) => {
      arrays.parameters.fill(2);
      adamW(arrays, { shrink: 1, decay: 0.5, rate: 1, correction: 1 });
      expect(arrays.parameters[0]).toBe(1);
    });
  });
});

describe('a workspace', () => {
  it.each(kernels)('of the kernel $name is zero at the start, also where memory is lent again', (kernel) => {
    for (const length of [10, 100_000, 1000]) {
      kernel.withWorkspace({ first: length, second: 3 }, [], ({ arrays }) => {
        expect(arrays.first.every((value) => value === 0)).toBe(true);
        arrays.first.fill(7);
        expect(arrays.second).toEqual(new Float32Array(3));
      });
    }
  });

  it.each(kernels)('of the kernel $name can be used inside another', (kernel) => {
    kernel.withWorkspace({ outer: 4 }, [], ({ arrays: { outer } }) => {
      outer.fill(1);
      kernel.withWorkspace({ inner: 40_000 }, [], ({ arrays: { inner } }) => inner.fill(2));
      expect(outer).toEqual(Float32Array.of(1, 1, 1, 1));
    });
  });

  it('is given back where its user fails', () => {
    for (const kernel of kernels) {
      expect(() =>
        kernel.withWorkspace({ a: 1 }, [], () => {
          throw new RangeError('failed');
        }),
      ).toThrow(RangeError);
      expect(kernel.withWorkspace({ a: 1 }, [], ({ arrays }) => arrays.a[0])).toBe(0);
    }
  });

  it.each(kernels)('of the kernel $name refuses products that it was not made for', (kernel) => {
    kernel.withWorkspace({ a: 64, b: 64, c: 64 }, [{ m: 2, k: 2, n: 2 }], ({ arrays, multiply }) => {
      const { a, b, c } = arrays;
      expect(() => multiply(a, b, c, { m: 8, k: 8, n: 8 })).toThrow(refusal('OUT_OF_RANGE', 'not made for'));
    });
  });

  it('in WebAssembly holds the only matrices that are multiplied', () => {
    simd?.withWorkspace({ a: 4, b: 4 }, [{ m: 2, k: 2, n: 2 }], ({ arrays, multiply }) => {
      expect(() => multiply(arrays.a, arrays.b, new Float32Array(4), { m: 2, k: 2, n: 2 })).toThrow(
        refusal('OUT_OF_RANGE', 'outside'),
      );
    });
  });
});

describe('the choice of a kernel', () => {
  it('falls on WebAssembly where the host compiles it', () => {
    expect(simd?.name).toBe('simd');
    expect(matrixKernel.name).toBe('simd');
  });

  it('falls on TypeScript where there is no WebAssembly, or no SIMD', () => {
    expect(createSimdKernel(webAssemblyOf({}))).toBeUndefined();
    const host = webAssemblyOf(globalThis);
    if (host === undefined) throw new Error('Node has WebAssembly');
    expect(createSimdKernel({ ...host, validate: () => false })).toBeUndefined();
  });
});
