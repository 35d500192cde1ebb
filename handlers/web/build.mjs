// Bundles the players into dist/, where Go embeds them: hls.js as a module, its worker as a script of its own, since the
// page's Content-Security-Policy allows no blob: scripts; and shaka-player, which plays DASH, as a module that is fetched
// only once it is chosen.
//
// hls.js stays at 1.6.17. From 1.6.18 and 1.7.0 on its clock starts at the first DTS and not at the first PTS (generateIS in
// src/remux/mp4-remuxer.ts), so that a film with B-frames begins with a hole, and each frame is shown two frames late. The
// browser tests see both.
import { copyFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('dist/', import.meta.url));
const common = { bundle: true, minify: true, outdir: dist, target: 'es2022', logLevel: 'warning' };

await build({ ...common, entryPoints: { hls: 'hls.js' }, format: 'esm' });
await build({ ...common, entryPoints: { 'hls.worker': 'hls.js/dist/hls.worker.js' }, format: 'iife' });
await build({ ...common, entryPoints: { shaka: 'shaka-player/dist/shaka-player.dash-es2021.js' }, format: 'esm' });
await copyFile(new URL('node_modules/shaka-player/LICENSE', import.meta.url), new URL('dist/shaka.LICENSE.txt', import.meta.url));
await copyFile(new URL('node_modules/hls.js/LICENSE', import.meta.url), new URL('dist/hls.LICENSE.txt', import.meta.url));
