// SPDX-License-Identifier: Apache-2.0

/** /runs/:id */
export function RunPage({ id }: { id: string }) {
  return <h1>Run {id}</h1>;
}
