import { parseCidr } from 'cidr-tools';

/** A block of addresses as numbers; an address is a block of one. */
export interface Block {
  readonly version: number;
  readonly start: bigint;
  readonly end: bigint;
}

const blockByText = new Map<string, Block>();

/** Limit of the memory of parsed texts; an estate has far fewer. */
const REMEMBERED_MAX = 200_000;

/** Canonical CIDR or address as numbers. */
export function toBlock(text: string): Block {
  const known = blockByText.get(text);
  if (known !== undefined) return known;
  const { version, start, end } = parseCidr(text);
  const block = { version, start, end };
  if (blockByText.size >= REMEMBERED_MAX) blockByText.clear();
  blockByText.set(text, block);
  return block;
}

export function contains(cidr: string, address: string): boolean {
  const outer = toBlock(cidr);
  const inner = toBlock(address);
  return outer.version === inner.version && outer.start <= inner.start && inner.end <= outer.end;
}

/** Larger is more specific. */
export function specificity(cidr: string): bigint {
  const { start, end } = toBlock(cidr);
  return -(end - start);
}
