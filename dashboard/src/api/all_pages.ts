// SPDX-License-Identifier: Apache-2.0
import type { Schemas } from './client';

const PAGES_MAX = 10;

/** Every object of a paged list, up to a thousand. */
export async function allPages<T>(page: (query: { page: number; per_page: number }) => Promise<{ items: T[]; meta: Schemas['PaginationMeta'] }>): Promise<T[]> {
  const items: T[] = [];
  for (let number = 1; number <= PAGES_MAX; number++) {
    const answer = await page({ page: number, per_page: 100 });
    items.push(...answer.items);
    if (number >= answer.meta.pagination.total_pages) break;
  }
  return items;
}
