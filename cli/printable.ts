export { printable } from '../core/show/printable.ts';
