// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

import { Problem } from './notice';
import type { Resource } from './resource';

/** As many rows as the table will have, so that nothing jumps when they come. */
export function SkeletonRows({ rows = 6, columns }: { rows?: number; columns: number }) {
  return (
    <>
      {Array.from({ length: rows }, (_, row) => (
        <tr key={row} aria-hidden="true">
          {Array.from({ length: columns }, (_, column) => (
            <td key={column}>
              <span class={`skeleton w${(row * 3 + column * 2) % 4}`} />
            </td>
          ))}
        </tr>
      ))}
    </>
  );
}

/** What failed above what was seen before; nothing of it hides the rest of the page. */
export function Loaded<T>({ from, children, waiting }: { from: Resource<T>; waiting?: ComponentChildren; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {from.error !== null && <Problem error={from.error} retry={() => void from.reload()} />}
      {from.data !== undefined ? children(from.data) : from.error === null ? waiting : null}
    </>
  );
}
