// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

import { api, take, type Run } from '../../api/client';
import { Icon } from '../../ui/icon';
import { tellError } from '../../ui/toast';

export function StopButton({ run, onStopped }: { run: Run; onStopped: () => Promise<void> }) {
  const [asked, setAsked] = useState(false);

  async function stop() {
    setAsked(true);
    try {
      await take(api.POST('/v1/runs/{run_id}/stop', { params: { path: { run_id: run.id } } }));
      await onStopped();
    } catch (error) {
      setAsked(false);
      tellError(error);
    }
  }

  return (
    <button type="button" class="button small danger" aria-label="Stop" disabled={asked} onClick={() => void stop()}>
      <Icon name="stop" size={12} /> <span class="text">{asked ? 'Stopping…' : 'Stop'}</span>
    </button>
  );
}
