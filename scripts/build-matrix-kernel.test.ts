import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KERNEL_MODULE, kernelModule } from './build-matrix-kernel.ts';

it('the matrix kernel in the repository is what its text assembles to, byte for byte', () => {
  expect(readFileSync(KERNEL_MODULE, 'utf8')).toBe(kernelModule());
});
