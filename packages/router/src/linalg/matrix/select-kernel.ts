import type { MatrixKernel } from './kernel.ts';
import { createSimdKernel } from './simd-kernel.ts';
import { tiledKernel } from './tiled-kernel.ts';
import { webAssemblyOf } from './webassembly.ts';

/** The fastest kernel that this host runs; chosen once, when the package is loaded. */
export const matrixKernel: MatrixKernel = createSimdKernel(webAssemblyOf(globalThis)) ?? tiledKernel;
