// SPDX-License-Identifier: Apache-2.0
export function NotFoundPage() {
  return (
    <div class="empty">
      <h1>There is no such page</h1>
      <p>The address may be mistyped, or what it led to has moved.</p>
      <a class="button" href="/runners">
        Go to the runners
      </a>
    </div>
  );
}
