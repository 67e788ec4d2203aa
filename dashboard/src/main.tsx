// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';

import './style/tokens.css';
import './style/base.css';
import './style/components.css';
import './style/charts.css';
import './style/shell.css';
import { App } from './app';

render(<App />, document.getElementById('app')!);
