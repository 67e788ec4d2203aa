// SPDX-License-Identifier: Apache-2.0
//
// Runs before the first paint, so that a chosen theme does not flash the other one.

try {
  const chosen = localStorage.getItem('errand.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
} catch {
  // without storage the system's theme holds
}
