export { nodeBackend } from './node-backend.ts';
export { nodeRandomBytes } from './random-bytes.ts';
