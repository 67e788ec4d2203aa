// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

import type { Run } from '../../api/client';
import { CopyButton } from '../../ui/copy_button';
import { bytes, commandLine, count, exactTime, seconds } from '../../ui/format';
import { TRIGGER_WORD } from '../../ui/words';

export function RunDetails({ run }: { run: Run }) {
  const command = run.command ?? commandLine(run.argv);
  return (
    <section class="card card-body" aria-label="Details">
      <dl class="details">
        <Detail name="Run">
          <Copied text={run.id} label="Copy the id" />
        </Detail>
        <Detail name="Image">
          <Copied text={run.image} label="Copy the image" />
          {run.image_digest && <div class="quiet mono">{run.image_digest}</div>}
        </Detail>
        <Detail name="Command">{command ? <Copied text={command} label="Copy the command" /> : 'as the image says'}</Detail>
        {run.entrypoint && (
          <Detail name="Entrypoint">
            <code>{run.entrypoint}</code>
          </Detail>
        )}
        <Detail name="Environment">
          {run.env_keys.length === 0 ? 'none' : run.env_keys.map((key) => <Chip key={key} text={key} />)}
        </Detail>
        <Detail name="Labels">
          {Object.keys(run.labels).length === 0
            ? 'none'
            : Object.entries(run.labels).map(([key, value]) => <Chip key={key} text={`${key}=${value}`} />)}
        </Detail>
        <Detail name="Trigger">
          {TRIGGER_WORD[run.trigger.kind]}
          {run.trigger.by && `, by ${run.trigger.by}`}
          <Reference run={run} />
        </Detail>
        <Detail name="Instance type">
          {run.instance_type.name}: {run.instance_type.cpu} cores, {bytes(run.instance_type.mem * 2 ** 20)}
        </Detail>
        <Detail name="Where">
          {run.hypervisor ? `${run.hypervisor.name}, ` : ''}
          {run.region.name}
        </Detail>
        <Detail name="Time limit">{seconds(run.timeout_seconds)}</Detail>
        <Detail name="Priority">{run.priority}</Detail>
        <Detail name="Runner">
          <a href={`/runners/${run.runner_id}`}>version {run.runner_version} of its settings</a>
        </Detail>
        <Detail name="Triggered">{exactTime(run.created_at)}</Detail>
        {run.started_at && <Detail name="Started">{exactTime(run.started_at)}</Detail>}
        {run.completed_at && <Detail name="Ended">{exactTime(run.completed_at)}</Detail>}
        <Detail name="Log">
          {count(run.log_lines)} lines, {bytes(run.log_bytes)}
          {run.log_truncated && '; its limit was reached, what came later was dropped'}
        </Detail>
        {run.io_read_bytes !== null && run.io_write_bytes !== null && (
          <Detail name="Disk">
            {bytes(run.io_read_bytes)} read, {bytes(run.io_write_bytes)} written
          </Detail>
        )}
      </dl>
    </section>
  );
}

function Detail({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Copied({ text, label }: { text: string; label: string }) {
  return (
    <span class="copied">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}

const Chip = ({ text }: { text: string }) => <span class="chip mono">{text}</span>;

/** A rerun or a retry names the run that it came from. */
function Reference({ run }: { run: Run }) {
  const from = run.retry_of ?? (run.trigger.kind === 'rerun' ? run.trigger.ref : null);
  if (from) return <>, of <a href={`/runs/${from}`}>this run</a></>;
  return run.trigger.ref ? <span class="quiet"> ({run.trigger.ref})</span> : null;
}
