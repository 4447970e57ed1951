import { type Markup, markup } from './markup.ts';

/** The report's style sheet. Lines differ by dashes as well as by colour; the hues are those of Okabe and Ito, safe for colour-blind readers. */
export const STYLE: Markup = markup`
:root {
  color-scheme: light dark;
  --page: #fbfbf9; --card: #ffffff; --ink: #1b1f24; --soft: #5a6370; --rule: #e3e5e8; --grid: #eceef0;
  --federated: #0072b2; --centralised: #d55e00; --static: #00795a; --singles: #a04a86; --local: #8a929c; --mixture: #b8860b;
  --warn-page: #fff4d6; --warn-ink: #6b4a00; --warn-rule: #e8c766;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1b1f25; --ink: #e8eaed; --soft: #a2abb7; --rule: #31373f; --grid: #272c33;
    --federated: #56b4e9; --centralised: #ff9d57; --static: #3ecfa3; --singles: #e08fc4; --local: #7e8894; --mixture: #e6c04c;
    --warn-page: #3a2f10; --warn-ink: #ffdf8a; --warn-rule: #6d5a1e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1144px; margin: 0 auto; padding: 40px 32px 64px; }
header p { margin: 4px 0 0; color: var(--soft); }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0; text-wrap: balance; }
h2 { font-size: 19px; letter-spacing: -0.005em; margin: 44px 0 2px; }
h2 + p { margin: 0 0 14px; color: var(--soft); max-width: 78ch; }
.badge { display: inline-block; margin-bottom: 12px; padding: 2px 10px; border: 1px solid var(--warn-rule); border-radius: 999px; background: var(--warn-page); color: var(--warn-ink); font-size: 13px; font-weight: 600; }
.warning { margin: 10px 0 0; padding: 10px 14px; border-left: 3px solid var(--warn-rule); background: var(--warn-page); color: var(--warn-ink); font-size: 14px; max-width: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 24px 0 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile dd { margin: 0; }
.tile b { display: block; font-size: 28px; line-height: 1.25; font-weight: 620; letter-spacing: -0.02em; }
.tile span { color: var(--soft); font-size: 13px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 16px 16px 8px; overflow-x: auto; }
.chart { display: block; width: 100%; min-width: 640px; height: auto; font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 12px 40px; align-items: start; margin-top: 10px; }
table { width: 100%; border-collapse: collapse; font-size: 14.5px; }
th, td { padding: 7px 0 7px 16px; border-bottom: 1px solid var(--rule); text-align: right; font-weight: 400; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
thead th { color: var(--soft); font-size: 13px; vertical-align: bottom; }
th small { display: block; font-weight: 400; color: var(--soft); font-size: 12.5px; overflow-wrap: anywhere; }
.routers tbody tr:first-child { font-weight: 600; } .routers tbody tr:first-child th { font-weight: inherit; }
.figures td { white-space: nowrap; }
.note { color: var(--soft); font-size: 13px; margin: 10px 0 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 6px; padding: 0; font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 7px; overflow-wrap: anywhere; }
.sample { width: 28px; height: 10px; flex: none; }
.swatch { flex: none; min-width: 20px; height: 18px; padding: 0 4px; border-radius: 3px; background: var(--part); color: var(--on); font-size: 11.5px; font-weight: 600; line-height: 18px; text-align: center; }
.grid { stroke: var(--grid); } .tick, .axis { stroke: var(--soft); stroke-opacity: 0.6; }
.tick-label { fill: var(--soft); } .axis-title { fill: var(--soft); font-size: 13px; } .bar-label { fill: var(--ink); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.federated { stroke: var(--federated); stroke-width: 3; }
.line.centralised { stroke: var(--centralised); stroke-dasharray: 7 5; }
.line.static { stroke: var(--static); stroke-dasharray: 2 5; stroke-width: 2.5; }
.line.singles { stroke: var(--singles); stroke-dasharray: 10 4 2 4; stroke-width: 1.75; }
.line.local { stroke: var(--local); stroke-width: 1; stroke-opacity: 0.75; }
.line.mixture { stroke: var(--mixture); stroke-dasharray: 5 3; }
.line.guide { stroke: var(--ink); stroke-opacity: 0.45; stroke-width: 1; stroke-dasharray: 3 4; }
.bands .line.local { stroke-width: 2; stroke-opacity: 1; }
.band { stroke: none; fill-opacity: 0.16; }
.band.federated { fill: var(--federated); } .band.centralised { fill: var(--centralised); } .band.static { fill: var(--static); }
.band.mixture { fill: var(--mixture); } .band.singles { fill: var(--singles); } .band.local { fill: var(--local); }
.dot { stroke: var(--card); stroke-width: 1; } .dot.singles { fill: var(--singles); }
.landmark { fill: var(--ink); stroke: var(--card); stroke-width: 1.5; }
.landmark-label { fill: var(--ink); font-size: 12.5px; paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
.mark { stroke: var(--ink); stroke-opacity: 0.55; stroke-dasharray: 3 3; }
.round { fill: var(--federated); fill-opacity: 0.75; }
.part { fill: var(--part); } .part-number { fill: var(--on); font-size: 11.5px; font-weight: 600; pointer-events: none; }
.part-number, .swatch { --on: #111; } .c0, .c7, .c9, .c12 { --on: #fff; }
.c0 { --part: #0072b2; } .c1 { --part: #e69f00; } .c2 { --part: #009e73; } .c3 { --part: #cc79a7; } .c4 { --part: #56b4e9; }
.c5 { --part: #d55e00; } .c6 { --part: #f0e442; } .c7 { --part: #6b4fa0; } .c8 { --part: #8c9a2b; } .c9 { --part: #b03a48; }
.c10 { --part: #7fc8b4; } .c11 { --part: #9c755f; } .c12 { --part: #5b6770; } .c13 { --part: #e6a6a1; }
`;
