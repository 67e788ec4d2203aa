// SPDX-License-Identifier: Apache-2.0
//
// The log of a run, with everything around it.

import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import './log.css';
import type { LogApi } from './api';
import { selectedText } from './copying';
import type { RunState, RunStatus } from './follower';
import { LogController, type LogChoices } from './log_controller';
import { LogHelp } from './log_help';
import { LogIcon } from './log_icon';
import { onLogKey } from './log_keys';
import { LogStatus } from './log_status';
import { LogToolbar } from './log_toolbar';
import { hashOfRange, rangeFromHash } from './permalink';

const CHOICES_KEY = 'errand.log';

export interface LogViewProps {
  api: LogApi;
  /** Another attempt's log than the latest one's. */
  attempt?: number;
  /** What relative times count from. */
  startedAt: number;
  /** Why there may be no lines yet. */
  emptyText: string;
  countLines(): Promise<number>;
  onStatus(status: RunStatus): void;
  onState(state: RunState): void;
  onDownload(): void;
}

function readChoices(): LogChoices {
  try {
    const kept = JSON.parse(localStorage.getItem(CHOICES_KEY) ?? '{}') as Partial<LogChoices>;
    const times = kept.times === 'absolute' || kept.times === 'relative' ? kept.times : 'off';
    return { times, wrap: kept.wrap === true };
  } catch {
    return { times: 'off', wrap: false };
  }
}

function keepChoices(choices: LogChoices): void {
  try {
    localStorage.setItem(CHOICES_KEY, JSON.stringify(choices));
  } catch {
    // private windows: the choice lives as long as the page
  }
}

function setHash(hash: string): void {
  history.replaceState(history.state, '', location.pathname + location.search + hash);
}

export function LogView(props: LogViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const [isFull, setFull] = useState(false);
  const log = useMemo(
    () =>
      new LogController({
        ...props,
        choices: readChoices(),
        onRange: (range) => setHash(hashOfRange(range)),
        onChoices: keepChoices,
      }),
    [props.api, props.attempt],
  );
  log.startedAt(props.startedAt);

  useEffect(() => {
    log.attach(box.current!);
    return () => log.detach();
  }, [log]);
  useSurroundings(log);
  useKeys(log, {
    search: () => field.current?.select(),
    full: () => setFull((was) => !was),
    help: () => help.current?.showModal(),
    escape: () => {
      if (isFull) setFull(false);
      log.setWords('');
      log.setRange(null);
      setHash('');
    },
  });

  return (
    <section class={isFull ? 'log log-full' : 'log'} aria-label="Log of the run">
      <LogToolbar
        log={log}
        field={field}
        isFull={isFull}
        onFull={() => setFull(!isFull)}
        onHelp={() => help.current?.showModal()}
        onDownload={props.onDownload}
        onLeave={() => box.current?.focus({ preventScroll: true })}
      />
      <div class="log-window">
        <div
          ref={box}
          class="log-box"
          role="log"
          aria-live="off"
          aria-label="Output"
          tabIndex={0}
          onClick={(event) => onClick(event, log)}
          onCopy={(event) => onCopy(event, box.current!)}
        />
        <Empty log={log} text={props.emptyText} />
        <Pill log={log} />
        <RangeBar log={log} />
      </div>
      <LogStatus log={log} />
      <LogHelp dialog={help} />
    </section>
  );
}

function onClick(event: MouseEvent, log: LogController): void {
  const target = event.target as HTMLElement;
  const more = target.closest<HTMLElement>('[data-expand]');
  if (more) log.expand(Number(more.dataset['expand']));
  const number = target.closest('.log-number');
  const row = number?.closest<HTMLElement>('.log-row');
  if (!row || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  log.select(Number(row.dataset['id']), event.shiftKey);
}

function onCopy(event: ClipboardEvent, box: HTMLElement): void {
  const selection = getSelection();
  const text = selection && selectedText(box, selection);
  if (text === null || text === undefined) return;
  event.clipboardData?.setData('text/plain', text);
  event.preventDefault();
}

/** The theme, the network, whether the page is looked at, and the address. */
function useSurroundings(log: LogController): void {
  useEffect(() => {
    const onVisible = () => (document.hidden ? log.model.pause() : log.model.resume());
    const onOnline = () => log.model.reconnect();
    const onHash = () => {
      const range = rangeFromHash(location.hash);
      if (range) log.showRange(range);
      else log.setRange(null);
    };
    const repaint = () => log.repaint();
    const onSelection = () => {
      const selection = getSelection();
      if (selection && !selection.isCollapsed && log.holds(selection.anchorNode)) log.holdStill();
    };
    const theme = new MutationObserver(repaint);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    theme.observe(document.documentElement, { attributes: true });
    scheme.addEventListener('change', repaint);
    document.addEventListener('visibilitychange', onVisible);
    document.addEventListener('selectionchange', onSelection);
    addEventListener('online', onOnline);
    addEventListener('hashchange', onHash);
    return () => {
      theme.disconnect();
      scheme.removeEventListener('change', repaint);
      document.removeEventListener('visibilitychange', onVisible);
      document.removeEventListener('selectionchange', onSelection);
      removeEventListener('online', onOnline);
      removeEventListener('hashchange', onHash);
    };
  }, [log]);
}

/** Keys of the page, as long as the log is what it shows. */
function useKeys(log: LogController, actions: Parameters<typeof onLogKey>[2]): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!event.defaultPrevented && log.isShown && onLogKey(event, log, latest.current)) event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [log]);
}

function Empty({ log, text }: { log: LogController; text: string }) {
  void log.version.value;
  const { rows, isLoaded, picked, error } = log.model;
  if (rows.count > 0 || (!isLoaded && !error)) return null;
  if (picked) return picked.isDone ? <p class="log-empty">No lines match.</p> : <p class="log-empty">Looking …</p>;
  return <p class="log-empty">{error ? `The log cannot be read: ${error}. Trying again …` : text}</p>;
}

/** Shown when the reader is not at the end: says what happens there, and leads there. */
function Pill({ log }: { log: LogController }) {
  const label = useComputed(() => {
    void log.version.value;
    const n = log.newLines.value;
    if (log.following.value || log.model.rows.count === 0) return null;
    if (n > 0) return `${n.toLocaleString('en')} new ${n === 1 ? 'line' : 'lines'}`;
    return log.model.connection === 'ended' ? 'Go to the end' : 'Follow';
  });
  if (label.value === null) return null;
  return (
    <button type="button" class="log-pill" title="Go to the end and follow (Shift g)" onClick={() => log.toEnd()}>
      <LogIcon name="end" />
      {label}
    </button>
  );
}

function RangeBar({ log }: { log: LogController }) {
  const [said, setSaid] = useState('');
  const range = log.range.value;
  useEffect(() => setSaid(''), [range]);
  if (!range) return null;

  async function copy(text: Promise<string> | string, done: string) {
    try {
      await navigator.clipboard.writeText(await text);
      setSaid(done);
    } catch {
      setSaid('The browser does not allow copying here');
    }
  }
  const what = range.first === range.last ? `Line ${range.first}` : `Lines ${range.first} – ${range.last}`;
  return (
    <div class="log-range" role="group" aria-label="Selected lines">
      <span>{said || what}</span>
      <button type="button" class="log-tool" aria-label="Copy these lines" title="Copy these lines" onClick={() => void copy(log.rangeText(), 'Copied')}>
        <LogIcon name="copy" />
      </button>
      <button type="button" class="log-tool" aria-label="Copy a link to these lines" title="Copy a link to these lines" onClick={() => void copy(location.href, 'Link copied')}>
        <LogIcon name="link" />
      </button>
      <button
        type="button"
        class="log-tool"
        aria-label="Select no lines"
        title="Select no lines (Esc)"
        onClick={() => (log.setRange(null), setHash(''))}
      >
        <LogIcon name="close" />
      </button>
    </div>
  );
}
