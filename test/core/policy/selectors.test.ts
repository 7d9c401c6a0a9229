import { describe } from 'vitest';
import { check, ofSelect } from './lint.ts';

describe('selectors that cannot match', () => {
  check([
    {
      name: 'an empty list',
      text: ofSelect('{ tags: { app: [] } }'),
      found: [
        '3:31 selector-matches-nothing: the list is empty, so that no workload can match; add a value, or remove the key',
      ],
    },
    {
      name: 'an empty any',
      text: ofSelect('{ any: [] }'),
      found: [
        '3:23 selector-matches-nothing: `any` lists no alternative, so that no workload can match; add an alternative, or remove `any`',
      ],
    },
    {
      name: 'an empty all',
      text: ofSelect('{ all: [] }'),
      found: [
        '3:23 selector-matches-all: `all` asks for nothing, so that every workload would match; say what the workloads have in common, e.g. `tags: { app: shop }`',
      ],
    },
    {
      name: 'an empty map',
      text: ofSelect('{}'),
      found: [
        '3:16 selector-matches-all: the selector asks for nothing, so that every workload would match; say what the workloads have in common, e.g. `tags: { app: shop }`',
      ],
    },
    { name: 'no tags', text: ofSelect('{ tags: {} }'), found: ['3:24 selector-matches-all'] },
    {
      name: 'one tag with two values',
      text: ofSelect('{ all: [{ tags: { app: x } }, { tags: { app: y } }] }'),
      found: [
        '3:16 selector-matches-nothing: the conditions from here on exclude each other, so that no workload can match; use a list for alternatives of one key, or `any`',
      ],
    },
    {
      name: 'globs that share no text',
      text: ofSelect('{ all: [{ tags: { app: "x*" } }, { tags: { app: "y*" } }] }'),
      found: ['3:16 selector-matches-nothing'],
    },
    {
      name: 'globs that share a text',
      text: ofSelect('{ all: [{ tags: { app: "x*" } }, { tags: { app: "*y" } }] }'),
      found: [],
    },
    {
      name: 'something and not that',
      text: ofSelect('{ tags: { app: x }, not: { tags: { app: [x, y] } } }'),
      found: ['3:16 selector-matches-nothing'],
    },
    {
      name: 'something and not a part of it',
      text: ofSelect('{ tags: { app: [x, z] }, not: { tags: { app: [x, y] } } }'),
      found: [],
    },
    {
      name: 'an alternative that contradicts itself',
      text: ofSelect(
        '{ any: [{ tags: { app: x } }, { tags: { app: x }, not: { tags: { app: "*" } } }] }',
      ),
      found: ['3:46 selector-matches-nothing'],
    },
    {
      name: 'two subnets, in which a workload may stand at once',
      text: ofSelect('{ all: [{ subnet: subnet-1 }, { subnet: subnet-2 }] }'),
      found: [],
    },
    {
      name: 'a role by its name alone',
      text: ofSelect('{ iamRole: payments-* }'),
      found: [
        '3:27 selector-matches-nothing: no iamRole can be `payments-*`; write the ARN, e.g. `arn:aws:iam::*:role/payments-*`',
      ],
    },
    {
      name: 'a kind that is none',
      text: ofSelect('{ kind: lambda }'),
      found: [
        '3:24 selector-matches-nothing: no kind can be `lambda`; kinds are `instance`, `task`, `interface`, `external`',
      ],
    },
    {
      name: 'an account of nine digits',
      text: ofSelect('{ account: 123456789 }'),
      found: [
        '3:27 selector-matches-nothing: no account can be `123456789`; an account has twelve digits',
      ],
    },
    {
      name: 'an account with a leading zero',
      text: ofSelect('{ account: 012345678901 }'),
      found: [],
    },
    {
      name: 'a VPC by its name',
      text: ofSelect('{ vpc: shop }'),
      found: [
        '3:23 selector-matches-nothing: no vpc can be `shop`; write the id of a VPC, `vpc-...`; or select by tag',
      ],
    },
  ]);
});
