// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

interface Props {
  title: string;
  lead?: ComponentChildren;
  crumbs?: { label: string; path: string }[];
  children?: ComponentChildren; // actions
}

export function PageHead({ title, lead, crumbs, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Errand`;
  }, [title]);
  return (
    <header class="page-head">
      <div>
        {crumbs && (
          <nav class="crumbs" aria-label="Breadcrumb">
            {crumbs.map((crumb) => (
              <span key={crumb.path}>
                <a href={crumb.path}>{crumb.label}</a> /
              </span>
            ))}
          </nav>
        )}
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
      </div>
      {children && <div class="row">{children}</div>}
    </header>
  );
}
