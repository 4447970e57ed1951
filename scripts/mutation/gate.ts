/** The name of the global function a check passes through: (id, its value, what it gives where it is taken out). */
export const GATE = '__check';
