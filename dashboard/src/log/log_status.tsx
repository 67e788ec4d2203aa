// SPDX-License-Identifier: Apache-2.0
//
// The line under the log: whether it is alive, how long it is, what is not shown.

import { useEffect, useState } from 'preact/hooks';

import type { LogController } from './log_controller';

function connectionText(log: LogController, now: number): [kind: string, text: string] {
  const { connection, retryAt, isLoaded, isLost, error } = log.model;
  if (error) return ['bad', 'Not connected'];
  if (!isLoaded) return ['wait', 'Reading …'];
  switch (connection) {
    case 'live':
      return ['live', 'Live'];
    case 'ended':
      return ['off', 'Complete'];
    case 'refused':
      return ['bad', 'The server does not give this log any more. Reload the page.'];
    case 'paused':
      return ['off', 'Paused'];
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
      return ['bad', `Connection lost. Nothing is missed; trying again in ${seconds} s`];
    }
    default:
      return isLost ? ['bad', 'Connection lost. Nothing is missed; trying again …'] : ['wait', 'Connecting …'];
  }
}

function linesText(log: LogController): string {
  const { rows, picked, all } = log.model;
  const total = all.lastId.toLocaleString('en');
  const noun = all.lastId === 1 ? 'line' : 'lines';
  if (!picked) return `${total} ${noun}`;
  const share = Math.floor((picked.scannedTo / Math.max(all.lastId, 1)) * 100);
  const progress = picked.isDone ? '' : ` · ${share} % read`;
  return `${rows.count.toLocaleString('en')} of ${total} ${noun}${progress}`;
}

export function LogStatus({ log }: { log: LogController }) {
  const [now, setNow] = useState(Date.now());
  void log.version.value;
  const { isLost } = log.model;
  useEffect(() => {
    if (!isLost) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [isLost]);
  const [kind, text] = connectionText(log, now);
  return (
    <div class="log-status">
      <span class={`log-connection is-${kind}`} role="status">
        {text}
      </span>
      {isLost && (
        <button type="button" class="log-link" onClick={() => log.model.reconnect()}>
          Try now
        </button>
      )}
      <span class="log-count">{linesText(log)}</span>
    </div>
  );
}
