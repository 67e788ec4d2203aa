// SPDX-License-Identifier: Apache-2.0
import type { RefObject } from 'preact';

import type { LogController } from './log_controller';
import { LogIcon } from './log_icon';
import type { StreamName } from './line';

const TIMES = { off: 'Times: off', absolute: 'Times: of day', relative: 'Times: since the start' };

interface Props {
  log: LogController;
  field: RefObject<HTMLInputElement | null>;
  isFull: boolean;
  onFull(): void;
  onHelp(): void;
  onDownload(): void;
  onLeave(): void;
}

export function LogToolbar({ log, field, isFull, onFull, onHelp, onDownload, onLeave }: Props) {
  const { times, wrap, stream } = log;
  return (
    <div class="log-toolbar" role="toolbar" aria-label="Log">
      <SearchField log={log} field={field} onLeave={onLeave} />
      <div class="log-tools">
        <select
          class="log-select"
          aria-label="Streams"
          value={stream.value}
          onChange={(event) => log.setStream(event.currentTarget.value as StreamName | '')}
        >
          <option value="">All output</option>
          <option value="stdout">stdout</option>
          <option value="stderr">stderr</option>
        </select>
        <button
          type="button"
          class="log-tool"
          aria-pressed={times.value !== 'off'}
          aria-label={TIMES[times.value]}
          title={`${TIMES[times.value]} (t)`}
          onClick={() => log.nextTimes()}
        >
          <LogIcon name="clock" />
          {times.value === 'relative' && <span class="log-tool-mark">+</span>}
        </button>
        <button
          type="button"
          class="log-tool"
          aria-pressed={wrap.value}
          aria-label="Wrap long lines"
          title="Wrap long lines (w)"
          onClick={() => log.setWrap(!wrap.value)}
        >
          <LogIcon name="wrap" />
        </button>
        <button type="button" class="log-tool" aria-label="Download" title="Download as text" onClick={onDownload}>
          <LogIcon name="download" />
        </button>
        <button
          type="button"
          class="log-tool"
          aria-pressed={isFull}
          aria-label="Fill the window"
          title="Fill the window (z)"
          onClick={onFull}
        >
          <LogIcon name={isFull ? 'shrink' : 'grow'} />
        </button>
        <button type="button" class="log-tool" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={onHelp}>
          <LogIcon name="keys" />
        </button>
      </div>
    </div>
  );
}

function SearchField({ log, field, onLeave }: Pick<Props, 'log' | 'field' | 'onLeave'>) {
  const { words, onlyMatches, matchesCase } = log;

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter') log.go(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') {
      if (words.value !== '') log.setWords('');
      onLeave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div class="log-search" role="search">
      <LogIcon name="search" />
      <input
        ref={field}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        placeholder="Search the whole log"
        aria-label="Search the log"
        spellcheck={false}
        autocomplete="off"
        maxLength={200}
        value={words.value}
        onInput={(event) => log.setWords(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {words.value !== '' && (
        <>
          <HitCount log={log} />
          <button
            type="button"
            class="log-tool log-case"
            aria-pressed={matchesCase.value}
            aria-label="Match capitals"
            title="Match capitals"
            onClick={() => log.setMatchesCase(!matchesCase.value)}
          >
            Aa
          </button>
          <button
            type="button"
            class="log-tool"
            aria-pressed={onlyMatches.value}
            aria-label="Only lines that match"
            title="Only lines that match (m)"
            onClick={() => log.setOnlyMatches(!onlyMatches.value)}
          >
            <LogIcon name="funnel" />
          </button>
          <button type="button" class="log-tool" aria-label="Previous hit" title="Previous hit (N)" onClick={() => log.go(-1)}>
            <LogIcon name="up" />
          </button>
          <button type="button" class="log-tool" aria-label="Next hit" title="Next hit (n)" onClick={() => log.go(1)}>
            <LogIcon name="down" />
          </button>
        </>
      )}
    </div>
  );
}

function HitCount({ log }: { log: LogController }) {
  void log.version.value;
  const { search } = log.model;
  const id = log.current.value;
  return (
    <output class="log-hits" aria-live="polite">
      {search ? hitsText(search, id, log.model.all.lastId) : ''}
    </output>
  );
}

interface Hits {
  count: number;
  isDone: boolean;
  scannedTo: number;
  placeOf(id: number): number;
}

function hitsText(search: Hits, id: number | null, lastId: number): string {
  const count = search.count.toLocaleString('en');
  const place = id === null ? 0 : search.placeOf(id);
  const text = place > 0 ? `${place.toLocaleString('en')} of ${count}` : count;
  if (!search.isDone) return `${text} · ${Math.floor((search.scannedTo / Math.max(lastId, 1)) * 100)} %`;
  return search.count === 0 ? 'No lines' : text;
}
