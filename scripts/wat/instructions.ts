/** Opcodes of the instructions that our sources use (WebAssembly core specification 2.0, section 5.4). */

/** What follows the opcode. A number is the log2 of the natural alignment of a memory access, whose offset follows it. */
export type Immediate =
  | 'none'
  | 'local'
  | 'function'
  | 'label'
  | 'lane'
  | 'i32'
  | 'f32'
  | { readonly alignment: number };

export interface Instruction {
  readonly opcode: readonly number[];
  readonly immediate: Immediate;
}

const plain = (...opcode: number[]): Instruction => ({ opcode, immediate: 'none' });
const memory = (alignment: number, ...opcode: number[]): Instruction => ({
  opcode,
  immediate: { alignment },
});

/** Prefix of vector instructions; what follows it is an unsigned LEB128 number. */
const VECTOR = 0xfd;

export const INSTRUCTIONS: ReadonlyMap<string, Instruction> = new Map([
  ['br_if', { opcode: [0x0d], immediate: 'label' }],
  ['call', { opcode: [0x10], immediate: 'function' }],
  ['select', plain(0x1b)],
  ['local.get', { opcode: [0x20], immediate: 'local' }],
  ['local.set', { opcode: [0x21], immediate: 'local' }],
  ['f32.load', memory(2, 0x2a)],
  ['f32.store', memory(2, 0x38)],
  ['i32.const', { opcode: [0x41], immediate: 'i32' }],
  ['f32.const', { opcode: [0x43], immediate: 'f32' }],
  ['i32.lt_u', plain(0x49)],
  ['i32.gt_u', plain(0x4b)],
  ['i32.add', plain(0x6a)],
  ['i32.sub', plain(0x6b)],
  ['i32.mul', plain(0x6c)],
  ['i32.and', plain(0x71)],
  ['i32.or', plain(0x72)],
  ['i32.shl', plain(0x74)],
  ['f32.add', plain(0x92)],
  ['f32.mul', plain(0x94)],
  ['v128.load', memory(4, VECTOR, 0x00)],
  ['v128.load32_splat', memory(2, VECTOR, 0x09)],
  ['v128.store', memory(4, VECTOR, 0x0b)],
  ['i32x4.add', plain(VECTOR, 0xae, 0x01)],
  ['i32x4.sub', plain(VECTOR, 0xb1, 0x01)],
  ['f32x4.splat', plain(VECTOR, 0x13)],
  ['f32x4.extract_lane', { opcode: [VECTOR, 0x1f], immediate: 'lane' }],
  ['f32x4.sqrt', plain(VECTOR, 0xe3, 0x01)],
  ['f32x4.add', plain(VECTOR, 0xe4, 0x01)],
  ['f32x4.sub', plain(VECTOR, 0xe5, 0x01)],
  ['f32x4.mul', plain(VECTOR, 0xe6, 0x01)],
  ['f32x4.div', plain(VECTOR, 0xe7, 0x01)],
] satisfies [string, Instruction][]);

export const VALUE_TYPES: ReadonlyMap<string, number> = new Map([
  ['i32', 0x7f],
  ['f32', 0x7d],
  ['v128', 0x7b],
]);

export const CONTROL = { block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, empty: 0x40 } as const;
