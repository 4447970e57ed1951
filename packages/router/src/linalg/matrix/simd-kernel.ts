import { fromBase64 } from '../../bytes/base64.ts';
import { RouterError } from '../../errors.ts';
import { KERNEL_BINARY } from './kernel-binary.ts';
import {
  checkVectorProduct,
  type MatrixKernel,
  panelLength,
  type ProductShape,
  productsOf,
  type StridedProduct,
  type Workspace,
} from './kernel.ts';
import type { WebAssemblyHost, WebAssemblyMemory } from './webassembly.ts';

const PAGE = 65536;
/** Arrays begin at multiples of it: vector loads are fastest there, and no two arrays share a vector. */
const ALIGNMENT = 16;
const TILE = { rows: 4, columns: 8 };

/** As exported by `kernel.wat`: a, aRow, aStep, b, bStep, bColumn, c, m, k, n, work. */
type Multiply = (...addressesStridesAndCounts: number[]) => void;

/** As exported by `kernel.wat`: parameters, gradients, moments, squares, bytes, shrink, decay, rate, correction. */
type AdamW = (...addressesAndFactors: number[]) => void;

/** As exported by `kernel.wat`: matrix, x, y, rows, columns. */
type MultiplyVector = (...addressesAndCounts: number[]) => void;

interface Machine {
  readonly memory: WebAssemblyMemory;
  readonly multiplyVector: MultiplyVector;
  readonly multiply: Multiply;
  readonly adamW: AdamW;
}

/**
 * The kernel of `kernel.wat`.
 * @returns undefined where the host knows no WebAssembly, or no SIMD
 */
export function createSimdKernel(host: WebAssemblyHost | undefined): MatrixKernel | undefined {
  const binary = fromBase64(KERNEL_BINARY);
  if (host === undefined || binary === undefined || !host.validate(binary)) return undefined;
  const start = starterOf(host, binary);
  // A memory reserves gigabytes of address space, so machines are kept and lent again instead of left to the garbage collector.
  const idle: Machine[] = [];

  return {
    name: 'simd',
    withWorkspace<Name extends string, Result>(
      lengths: Readonly<Record<Name, number>>,
      products: readonly ProductShape[],
      use: (workspace: Workspace<Name>) => Result,
    ): Result {
      const machine = idle.pop() ?? start();
      try {
        return use(workspaceIn(machine, lengths, panelLength(products, TILE)));
      } finally {
        idle.push(machine);
      }
    },
    createWorkspace<Name extends string>(
      lengths: Readonly<Record<Name, number>>,
      products: readonly ProductShape[],
    ): Workspace<Name> {
      return workspaceIn(start(), lengths, panelLength(products, TILE));
    },
  };
}

function starterOf(host: WebAssemblyHost, binary: Uint8Array): () => Machine {
  const module = new host.Module(binary);
  return () => {
    const memory = new host.Memory({ initial: 1 });
    const instance = new host.Instance(module, { host: { memory } });
    return {
      memory,
      multiply: instance.exports['multiply'] as Multiply,
      multiplyVector: instance.exports['multiplyVector'] as MultiplyVector,
      adamW: instance.exports['adamW'] as AdamW,
    };
  };
}

function workspaceIn<Name extends string>(
  { memory, multiply, multiplyVector, adamW }: Machine,
  lengths: Readonly<Record<Name, number>>,
  panels: number,
): Workspace<Name> {
  const names = Object.keys(lengths) as Name[];
  const starts: number[] = [];
  let end = 0;
  for (const name of names) {
    starts.push(end);
    end += ALIGNMENT * Math.ceil((4 * lengths[name]) / ALIGNMENT);
  }
  const missing = Math.ceil((end + 4 * panels - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
  const { buffer } = memory;
  new Float32Array(buffer, 0, end / 4).fill(0);
  const arrays = Object.fromEntries(
    names.map((name, i) => [name, new Float32Array(buffer, starts[i], lengths[name])]),
  ) as Record<Name, Float32Array>;

  const product: StridedProduct = (a, aStrides, b, bStrides, c, { m, k, n }) => {
    for (const matrix of [a, b, c]) checkInside(matrix, buffer);
    multiply(
      a.byteOffset,
      4 * aStrides.line,
      4 * aStrides.step,
      b.byteOffset,
      4 * bStrides.step,
      4 * bStrides.line,
      c.byteOffset,
      m,
      k,
      n,
      end,
    );
  };
  return {
    arrays,
    ...productsOf(product, (shape) => panelLength([shape], TILE) <= panels),
    multiplyVector(matrix, x, y): void {
      checkVectorProduct(matrix, x, y);
      checkInside(matrix, buffer);
      checkInside(x, buffer);
      checkInside(y, buffer);
      multiplyVector(matrix.byteOffset, x.byteOffset, y.byteOffset, y.length, x.length);
    },
    adamW({ parameters, gradients, moments, squares }, { shrink, decay, rate, correction }): void {
      const four = [parameters, gradients, moments, squares];
      for (const array of four) checkInside(array, buffer);
      // The last 16 bytes may reach beyond an array, into room that is its own and zero.
      const bytes = ALIGNMENT * Math.ceil(parameters.byteLength / ALIGNMENT);
      const [p = 0, g = 0, m = 0, s = 0] = four.map(({ byteOffset }) => byteOffset);
      adamW(p, g, m, s, bytes, shrink, decay, rate, correction);
    },
  };
}

function checkInside(array: Float32Array, buffer: ArrayBuffer): void {
  if (array.buffer !== buffer) throw new RouterError('OUT_OF_RANGE', 'an array lies outside the workspace');
}
