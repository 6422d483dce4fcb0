/**
 * `npm run build`: makes `dist/` anew.
 *
 * @module
 */
import { build } from './building.ts'

await build()
