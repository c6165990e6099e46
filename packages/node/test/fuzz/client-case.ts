import type { Case } from './case.ts'
import type { Platform } from './platform.ts'
import type { Watch } from './watch.ts'
export async function runClientCase(given: Case, platform: Platform, watch: Watch): Promise<void> {
  void given
  void platform
  void watch
}
